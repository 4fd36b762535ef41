"""Forgetting a person leaves nothing of theirs in any byte of the workspace, and all of what the others said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from diarization.errors import ConfigError
from diarization.identity import Voice, VoiceEncoder
from pipeline.analysis import analyze_recording
from pipeline.checkup import find_faults
from pipeline.config import Config
from pipeline.corrections import Corrections
from pipeline.exported import note_exports
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.manifest import Planned
from pipeline.jobs.queue import JobQueue
from pipeline.masking import PrivacyConfig
from pipeline.participants import HeardVoice, Participants
from pipeline.sessions import Session
from pipeline.store.encryption import KEY_VARIABLE, new_key
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, write_tone

NAME = "Zerubbabel"
PEOPLE = {"SPEAKER_00": f"{NAME}:client", "SPEAKER_01": "Ben:counsellor"}


@pytest.fixture
def analysed(workspace: Workspace, tmp_path: Path) -> list[Session]:
    """Two sessions of a case, from a batch whose rows name both people."""
    planned = [
        Planned(write_tone(tmp_path / f"{pitch}.wav", pitch=pitch), "Demo", None, dict(PEOPLE))
        for pitch in (200.0, 300.0)
    ]
    jobs = work_batch(workspace, submit_batch(workspace, planned, BASELINE_FAKES, CPU))
    return [workspace.session(str(job.session)) for job in jobs]


def holds(folder: Path, *secrets: bytes) -> list[str]:
    """The files in which one of the secrets is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(each in path.read_bytes() for each in secrets)]


def secrets_of(workspace: Workspace, sessions: list[Session]) -> list[bytes]:
    """What is theirs, as bytes: the name, each embedding of their turns and voice, scores as they are written."""
    found = [NAME.encode()]
    for session in sessions:
        own = (session.turns["speaker"] == "SPEAKER_00").to_numpy()
        found += [row.astype("<f4").tobytes() for row in session.arrays.embeddings[own]]
        measured = workspace.analysis(session.id).measured
        assert measured is not None
        found += [
            each.features.astype("<f4").tobytes() for each in measured.of("SPEAKER_00", list(session.turns["speaker"]))
        ]
    return found


@pytest.mark.local
def test_nothing_of_theirs_is_left_in_any_byte_and_the_rest_stays(
    workspace: Workspace, analysed: list[Session]
) -> None:
    people = Participants(workspace)
    enrolled = np.random.default_rng(1).normal(size=8).astype(np.float32)
    people.enroll(NAME, [HeardVoice("z.wav", Voice(enrolled, 9.0), VoiceEncoder("fake", "1"))], "Demo")
    secrets = [*secrets_of(workspace, analysed), enrolled.tobytes()]
    assert all(holds(workspace.path, each) for each in secrets)
    before = {each.id: workspace.kept_audio(each.id).waveform() for each in analysed}
    farewell = people.forget(NAME, "Demo")
    assert holds(workspace.path, *secrets) == []
    assert sorted(farewell.recordings) == sorted(str(each.recording.path) for each in analysed)
    for was in analysed:
        now = workspace.session(was.id)
        stay = was.turns[was.turns["speaker"] == "SPEAKER_01"]
        assert (
            now.turns[["start", "end", "speaker"]].values.tolist() == stay[["start", "end", "speaker"]].values.tolist()
        )
        assert now.turns["scored"].tolist() == stay["scored"].tolist()
        assert now.speakers["participant"].tolist() == ["Ben"]
        assert set(now.segments["speaker"]) == {"SPEAKER_01"}
        assert len(now.arrays.embeddings) == len(stay) and len(now.arrays.speaker_embeddings) == 1
        _check_audio(before[was.id], workspace.kept_audio(was.id).waveform(), was)
    assert find_faults(workspace) == []


def _check_audio(before: NDArray[np.float32], after: NDArray[np.float32], session: Session) -> None:
    """Theirs is silent, the other's as it was."""
    for row in session.segments.to_dict("records"):
        stretch = slice(round(row["start"] * 16_000), round(row["end"] * 16_000))
        if row["speaker"] == "SPEAKER_00":
            assert not after[stretch].any()
        else:
            assert np.array_equal(after[stretch], before[stretch])


def test_old_audio_files_and_caches_are_gone(workspace: Workspace, analysed: list[Session]) -> None:
    old = [path.read_bytes() for path in (workspace.path / "audio").iterdir()]
    Participants(workspace).forget(NAME, "Demo")
    new = [path.read_bytes() for path in (workspace.path / "audio").iterdir()]
    assert len(new) == 2 and not set(old) & set(new)
    assert [path for path in (workspace.path / "cache").rglob("*") if path.is_file()] == []


@pytest.mark.local  # logs of batches are not written where several machines share a workspace
def test_jobs_logs_and_exports_are_gone_and_what_was_changed_is_named(
    workspace: Workspace, analysed: list[Session], tmp_path: Path
) -> None:
    ids = [each.id for each in analysed]
    report, edited, other = (tmp_path / name for name in ("report.html", "edited.csv", "other.txt"))
    for file in (report, edited, other):
        file.write_text(f"what {NAME} said")
    note_exports(workspace, ids, [report, edited])
    edited.write_text(f"what {NAME} said, and a note")
    farewell = Participants(workspace).forget(NAME, "Demo")
    assert (farewell.exports, farewell.exports_left) == ([str(report)], [str(edited)])
    assert not report.exists() and edited.exists() and other.exists()
    assert JobQueue(workspace.path).jobs() == []
    assert "".join(path.read_text() for path in (workspace.path / "logs").iterdir()) == ""


def test_a_session_of_nobody_else_goes_as_a_whole(workspace: Workspace, tmp_path: Path) -> None:
    alone = BASELINE_FAKES.model_copy(
        update={"diarization": BASELINE_FAKES.diarization.model_copy(update={"num_speakers": 1})}
    )
    session = analyze_recording(write_tone(tmp_path / "a.wav"), workspace, alone, CPU, "Demo")
    workspace.assign(session.id, {"SPEAKER_00": (NAME, "client")})
    assert Participants(workspace).forget(NAME).deleted == [session.id]
    assert workspace.sessions() == []
    assert holds(workspace.path, NAME.encode(), session.recording.id.encode()) == []


def test_turns_that_a_person_gave_to_them_go_and_those_taken_from_them_stay(
    workspace: Workspace, analysed: list[Session]
) -> None:
    session = analysed[0]
    Corrections(workspace).answer(session.id, [0], speaker="SPEAKER_01")
    Corrections(workspace).answer(session.id, [1], speaker="SPEAKER_00")
    before = workspace.kept_audio(session.id).waveform()
    starts = session.turns["start"].tolist()
    Participants(workspace).forget(NAME, "Demo")
    found = workspace.session(session.id)
    assert found.turns["start"].tolist() == [starts[0], starts[3]]
    assert set(found.turns["speaker"]) == {"SPEAKER_01"}
    after = workspace.kept_audio(session.id).waveform()
    assert np.array_equal(after[: 2 * 16_000], before[: 2 * 16_000]) and not after[4 * 16_000 : 5 * 16_000].any()
    assert find_faults(workspace) == []


def test_encrypted_audio_stays_encrypted_and_without_its_key_nothing_is_changed(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, new_key())
    config: Config = BASELINE_FAKES.model_copy(update={"privacy": PrivacyConfig(encrypt_audio=True)})
    session = analyze_recording(write_tone(tmp_path / "a.wav"), workspace, config, CPU, "Demo", roles=PEOPLE)
    with pytest.MonkeyPatch.context() as without, pytest.raises(ConfigError, match="there is no key"):
        without.delenv(KEY_VARIABLE)
        Participants(workspace).forget(NAME)
    assert len(workspace.session(session.id).turns) == 5
    Participants(workspace).forget(NAME)
    kept = workspace.kept_audio(session.id)
    assert kept.is_encrypted and not kept.waveform()[: 2 * 16_000].any()
    assert find_faults(workspace) == []


def test_what_forgetting_says_is_json(workspace: Workspace, analysed: list[Session], command_line: object) -> None:
    shown = command_line("participants", "forget", NAME, "--workspace", workspace.path, "--format", "json")  # type: ignore[operator]
    assert json.loads(shown.out).keys() == {"forgotten", "sessions", "deleted", "exports", "exports_left", "recordings"}
    assert re.search("forgot", shown.err) is None


def test_a_turn_of_which_a_half_is_theirs_goes_whole(workspace: Workspace, analysed: list[Session]) -> None:
    session, corrections = analysed[0], Corrections(workspace)
    theirs = (session.turns["speaker"] == "SPEAKER_00").to_numpy()
    turn = int(np.flatnonzero(~theirs)[0])  # Ben's; a person says that its second half is theirs
    middle = float(session.turns.loc[turn, ["start", "end"]].mean())
    corrections.split(session.id, turn, middle)
    corrections.answer(session.id, [turn + 1], speaker="SPEAKER_00")
    Participants(workspace).forget(NAME, "Demo")
    left = workspace.session(session.id)
    assert set(left.turns["speaker"]) <= {"SPEAKER_01"}
    assert session.turns.at[turn, "start"] not in left.turns["start"].tolist()
    assert left.reviews == {}
