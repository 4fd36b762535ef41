from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from diarization.diarizations import diarization_of
from diarization.segments import Segment
from diarization.turns import TurnRules
from pipeline.analysis import analyze_recording
from pipeline.nonspeech import Stretch, only_speakers, stretches_from
from pipeline.workspace import Workspace
from tests.calls import music, utterances
from tests.fakes import CPU, FAKES

MUSIC = [Stretch(Segment(10, 20), "music")]


def test_who_is_heard_in_music_alone_is_no_speaker() -> None:
    found = diarization_of(
        [(0, 4, "SPEAKER_00"), (11, 19, "SPEAKER_01"), (15, 17, "SPEAKER_02"), (20, 30, "SPEAKER_02")]
    )
    kept = only_speakers(found, MUSIC)
    assert [(each.segment.start, each.speaker) for each in kept.segments] == [
        (0, "SPEAKER_00"), (15, "SPEAKER_01"), (20, "SPEAKER_01"),
    ]  # fmt: skip
    assert only_speakers(found, []) is found


def test_music_on_another_channel_takes_nobody_away() -> None:
    elsewhere = [Stretch(Segment(0, 30), "music", 1)]
    found = diarization_of([(0, 4, "SPEAKER_00")])
    assert only_speakers(found, elsewhere) is found


def test_turns_in_music_are_not_scored_and_the_session_says_why(workspace: Workspace, tmp_path: Path) -> None:
    spoken = np.concatenate(utterances(0))[: 12 * 16_000]
    sound = np.concatenate([spoken, music(12.0), spoken])
    soundfile.write(tmp_path / "hold.wav", sound, 16_000)
    session = analyze_recording(
        tmp_path / "hold.wav", workspace, FAKES.model_copy(update={"turns": TurnRules(skip_music=True)}), CPU
    )
    (stretch,) = session.quality["stretches"]
    assert (stretch["kind"], stretch["channel"]) == ("music", None)
    within = (session.turns["start"] > 12) & (session.turns["end"] < 24)
    assert within.sum() == 2
    assert not session.turns.loc[within, "scored"].any()
    assert set(session.turns.loc[within, "reason"]) == {"music: 100 % of the turn lies in music or tones"}
    assert session.turns.loc[~within, "scored"].any()
    assert any(note.endswith("turns in it are not scored (quality.stretches).") for note in session.notes)
    assert stretches_from(session.quality, 1)[0].segment.start == stretch["start"]
