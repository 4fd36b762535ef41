"""The main job, from sound to report, with the embedded models on the speech that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.diarizations import diarization_of
from diarization.formats.rttm import read_rttm
from emotion.readout import UNCERTAIN
from pipeline.sessions import Session
from reports.diarization_errors import error_seconds
from reports.html import case_report, session_report
from reports.measures import case_shares
from reports.similarity import session_similarity
from tests.end_to_end.conftest import Demo
from turntone.speech import demo_case, demo_recordings

CASE = [f"counselling-{number}.flac" for number in (1, 2, 3, 4)]


def error_rate(session: Session) -> float:
    """Diarization error rate against the shipped truth, no collar, overlap counted."""
    reference = read_rttm(session.recording.path.with_suffix(".rttm"))
    found = diarization_of(session.segments[["start", "end", "speaker"]].itertuples(index=False, name=None))
    errors = error_seconds(reference, found, session.recording.duration)
    return sum(errors.values()) / sum(reference.talk_time(speaker) for speaker in reference.speakers)


def test_every_shipped_recording_becomes_a_session(demo: Demo) -> None:
    assert [each.recording.path for each in demo.sessions] == [each.path for each in demo_recordings()]
    assert len(demo.workspace.sessions()) == len(demo_recordings())


def test_nothing_is_asked_of_the_network(demo: Demo) -> None:
    assert demo.attempts == []


@pytest.mark.parametrize("name", CASE)
def test_both_speakers_of_the_case_are_found_and_named(demo: Demo, name: str) -> None:
    speakers = demo.named(name).speakers
    assert sorted(zip(speakers["participant"], speakers["role"], strict=True)) == [
        ("Client", "client"),
        ("Counsellor", "counsellor"),
    ]


def test_diarization_of_the_case_holds_its_bound(demo: Demo) -> None:
    assert np.mean([error_rate(demo.named(name)) for name in CASE]) < 0.25


def test_the_call_has_its_parties(demo: Demo) -> None:
    call = demo.named("call-3party.flac")
    assert call.recording.sampling_rate == 8000
    assert call.quality["narrow_band"] is True
    assert len(call.speakers) in (2, 3, 4)


def test_turns_are_scored_or_say_why(demo: Demo) -> None:
    for session in demo.sessions:
        scored, left = session.turns[session.turns["scored"]], session.turns[~session.turns["scored"]]
        assert scored[session.score_columns].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)
        assert scored["emotion"].isin([*session.scheme.labels, UNCERTAIN]).all()
        assert scored.loc[scored["emotion"] == UNCERTAIN, "reason"].str.len().gt(10).all()
        assert scored[["valence", "arousal"]].abs().to_numpy().max() <= 1
        assert left["reason"].str.len().gt(10).all()
        assert left[session.score_columns].isna().all(axis=None)
        assert np.isfinite(session.arrays.embeddings[scored.index]).all()


def test_most_turns_are_clear_enough_to_be_named(demo: Demo) -> None:
    emotions = [each for session in demo.sessions for each in session.turns.loc[session.turns["scored"], "emotion"]]
    assert emotions.count(UNCERTAIN) < 0.3 * len(emotions)


def test_scores_of_the_case_are_relative_to_the_case(demo: Demo) -> None:
    for name in CASE:
        session = demo.workspace.session(demo.named(name).id)
        assert {each["scope"] for each in session.provenance["baselines"]} == {"case"}


def test_the_client_sounds_worse_at_the_beginning_than_at_the_end(demo: Demo) -> None:
    case = demo.workspace.case(demo_case().name)
    shares = case_shares(case, "Client").pivot(index="session", columns="emotion", values="share")
    low = (shares["sad"] + shares["angry"]).loc[[session.id for session in case]]
    assert low.iloc[0] > low.iloc[-1]


def test_sessions_of_the_case_can_be_compared(demo: Demo) -> None:
    found = session_similarity(demo.workspace.case(demo_case().name), "Client")
    assert len(found.sessions) == 4
    assert np.nanmax(np.abs(found.cosine)) <= 1 + 1e-9


def test_the_second_run_reuses_everything(demo: Demo) -> None:
    from turntone.demo import analyze_demo

    again = list(analyze_demo(demo.workspace.path))
    assert all(any("nothing to do" in note.lower() for note in each.notes) for each in again)


def test_reports_are_written(demo: Demo, tmp_path: Path) -> None:
    assert "Client" in session_report(demo.workspace.session(demo.named(CASE[0]).id))
    assert "2025-04-14" in case_report("Case", demo.workspace.case(demo_case().name))
