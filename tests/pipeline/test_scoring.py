from __future__ import annotations

import numpy as np

from diarization.segments import Segment
from emotion.readout import Readout
from emotion.recognizers import Recognition, VoiceFeatures
from emotion.windows import Window
from pipeline.scoring import MeasuredVoices, counted, recognize_measured, score_turns, session_baselines
from tests.fakes import SCHEME, FakeBaselineRecognizer

HEARD = [
    [Window((Segment(0.0, 1.0),)), Window((Segment(1.0, 4.0),))],
    [],
    [Window((Segment(6.0, 7.0),))],
]
ROWS = [
    {"start": 0.0, "end": 4.0, "speaker": "A", "speaker_confidence": 0.75, "overlap": 0.0, "reason": None},
    {"start": 4.5, "end": 4.7, "speaker": "B", "speaker_confidence": None, "overlap": 0.5, "reason": "too short"},
    {"start": 6.0, "end": 7.0, "speaker": "B", "speaker_confidence": None, "overlap": 0.0, "reason": None},
]


def recognition(*scores: float) -> Recognition:
    values = np.array(scores, np.float32)
    return Recognition(values, values[:2], np.stack([values, values]), 0.5)


def measured(level: float) -> VoiceFeatures:
    values = np.array([level, 0.0], np.float32)
    return VoiceFeatures(values, values[None], 0.5, 1.0)


def test_a_turns_score_is_the_mean_of_its_windows_by_their_length() -> None:
    recognitions = [[recognition(1, 0, 0, 0), recognition(0, 0, 0, 1)], [], [recognition(0, 1, 0, 0)]]
    scored = score_turns(ROWS, Readout(SCHEME), HEARD, recognitions)
    assert scored.table["emotion"].tolist() == ["sad", None, "happy"]
    assert scored.table["confidence"].tolist()[::2] == [0.75, 1.0]
    assert scored.table["scored"].tolist() == [True, False, True]
    assert scored.table["reason"].tolist() == [None, "too short", None]
    assert scored.table["valence"].tolist()[2] == 0.81


def test_frames_stand_turn_after_turn_and_unscored_turns_have_none() -> None:
    recognitions = [[recognition(1, 0, 0, 0), recognition(0, 0, 0, 1)], [], [recognition(0, 1, 0, 0)]]
    arrays = score_turns(ROWS, Readout(SCHEME), HEARD, recognitions).arrays
    assert arrays["frame_offsets"].tolist() == [0, 4, 4, 6]
    assert arrays["frame_times"].tolist() == [0.25, 0.75, 1.25, 1.75, 6.25, 6.75]
    assert arrays["embeddings"].shape == (3, 2)
    assert np.isnan(arrays["embeddings"][1]).all()


def test_no_turns_give_empty_tables_with_their_columns() -> None:
    scored = score_turns([], Readout(SCHEME), [], [])
    assert list(scored.table.columns[-4:]) == ["score_angry", "score_happy", "score_neutral", "score_sad"]
    assert scored.arrays["frame_offsets"].tolist() == [0]


def test_each_speaker_has_a_baseline_of_their_own_stretches() -> None:
    voices = MeasuredVoices(HEARD, [[measured(-1), measured(-3)], [], [measured(-5)]])
    recognizer = FakeBaselineRecognizer()
    baselines = session_baselines(recognizer, voices, ["A", "B", "B"])
    assert {name: (each.mean[0], each.num_turns) for name, each in baselines.items()} == {"A": (-2, 2), "B": (-5, 1)}
    found = recognize_measured(recognizer, voices, ["A", "B", "B"], baselines)
    assert [[float(each.embedding[0]) for each in own] for own in found] == [[1.0, -1.0], [], [0.0]]


def test_what_two_windows_share_weighs_once_in_a_baseline() -> None:
    windows = [Window((Segment(0.0, 6.0),)), Window((Segment(4.0, 8.0),))]
    assert [each.duration for each in counted([measured(-1), measured(-3)], windows)] == [5.0, 3.0]


def test_a_speaker_without_a_scored_turn_has_no_baseline() -> None:
    voices = MeasuredVoices(HEARD[:2], [[measured(-1), measured(-3)], []])
    assert list(session_baselines(FakeBaselineRecognizer(), voices, ["A", "B"])) == ["A"]


def test_measured_voices_come_back_from_their_arrays() -> None:
    voices = MeasuredVoices(HEARD, [[measured(-1), measured(-3)], [], [measured(-5)]])
    back = MeasuredVoices.from_arrays(voices.to_arrays())
    assert back.windows == HEARD
    assert [len(own) for own in back.features] == [2, 0, 1]
    assert back.features[2][0].features[0] == -5
