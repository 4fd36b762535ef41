"""From what the recogniser says of windows to scored turns, and each speaker's baseline where it needs one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emotion.joining import TurnRecognition, join_windows
from emotion.readout import Readout
from emotion.recognizers import Baseline, BaselineRecognizer, Recognition, VoiceFeatures
from emotion.windows import Window, seconds_counted

from .codecs import Arrays, feature_arrays, features_from, split, window_arrays, windows_from
from .sessions import turns_table


@dataclass(frozen=True)
class ScoredTurns:
    """The table of turns with its scores, and those fields of SessionArrays that recognition gives."""

    table: pd.DataFrame
    arrays: Arrays


@dataclass(frozen=True)
class MeasuredVoices:
    """What a baseline recogniser measured in a session, turn by turn; scores follow from it and the baselines.

    Parameters
    ----------
    windows : list of list of Window
        Of each turn, in order; empty for a turn that is not scored.
    features : list of list of VoiceFeatures
        One a window.
    """

    windows: list[list[Window]]
    features: list[list[VoiceFeatures]]

    def of(self, speaker: str, speakers: Sequence[str]) -> list[VoiceFeatures]:
        """All stretches of one speaker; ``speakers`` says whose each turn is."""
        own = zip(self.features, speakers, strict=True)
        return [each for features, label in own if label == speaker for each in features]

    def to_arrays(self) -> Arrays:
        """All of it as named arrays."""
        return window_arrays(self.windows) | feature_arrays([each for own in self.features for each in own])

    @staticmethod
    def from_arrays(arrays: Mapping[str, Any]) -> MeasuredVoices:
        """What ``to_arrays`` gave."""
        features = list(split(features_from(arrays), arrays["windows_per_turn"]))
        return MeasuredVoices(windows_from(arrays), features)


def counted(measured: Sequence[VoiceFeatures], windows: Sequence[Window]) -> list[VoiceFeatures]:
    """The voice features of a turn's windows with durations in which what two share counts once, as baselines need."""
    pairs = zip(measured, seconds_counted(windows), strict=True)
    return [replace(each, duration=seconds) for each, seconds in pairs]


def session_baselines(
    recognizer: BaselineRecognizer, measured: MeasuredVoices, speakers: Sequence[str]
) -> dict[str, Baseline]:
    """Each speaker's baseline from this session alone; speakers without a scored turn have none."""
    heard = {speaker: measured.of(speaker, speakers) for speaker in dict.fromkeys(speakers)}
    return {speaker: recognizer.pool(own, "session") for speaker, own in heard.items() if own}


def recognize_measured(
    recognizer: BaselineRecognizer,
    measured: MeasuredVoices,
    speakers: Sequence[str],
    baselines: Mapping[str, Baseline],
) -> list[list[Recognition]]:
    """The recognitions of each turn's windows, relative to its speaker's baseline."""
    scored = {
        speaker: iter(recognizer.score(measured.of(speaker, speakers), baseline))
        for speaker, baseline in baselines.items()
    }
    return [[next(scored[speaker]) for _ in own] for own, speaker in zip(measured.features, speakers, strict=True)]


def score_turns(
    rows: Sequence[dict[str, Any]],
    readout: Readout,
    windows: Sequence[Sequence[Window]],
    recognitions: Sequence[Sequence[Recognition]],
) -> ScoredTurns:
    """Turns with scores, from the recognitions of their windows.

    A turn's scores are the mean of its windows', calibrated. Frame scores stay as they were given: the temperature was
    measured on turns and says nothing of frames.

    Parameters
    ----------
    rows : sequence of dict
        ``start, end, speaker, speaker_confidence, overlap, reason`` of each turn, and ``text`` where it is known.
    readout : Readout
        Scheme, head, temperature, and when a turn is uncertain.
    windows, recognitions : sequences, one item a turn
        Empty for a turn that is not scored.
    """
    joined = [
        join_windows(own, readout.read(heard, own)) if own else None
        for own, heard in zip(windows, recognitions, strict=True)
    ]
    scored = [_row(row, readout, each) for row, each in zip(rows, joined, strict=True)]
    return ScoredTurns(turns_table(scored, readout.scheme), _arrays(joined, len(readout.scheme.labels)))


def told(readout: Readout, scores: NDArray[np.floating]) -> dict[str, Any]:
    """What a scored turn's row says, from its scores at temperature 1: verdict, derived values, calibrated scores."""
    scheme, calibrated = readout.scheme, readout.calibrated(scores)
    verdict = readout.verdict(calibrated)
    valence, arousal = scheme.valence_arousal(calibrated)
    named = {f"score_{label}": float(score) for label, score in zip(scheme.labels, calibrated, strict=True)}
    return {
        "scored": True,
        "reason": verdict.reason,
        "emotion": verdict.emotion,
        "confidence": verdict.confidence,
        "valence": valence,
        "arousal": arousal,
    } | named


def baseline_notes(baselines: Mapping[str, Baseline], participants: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """The baselines as provenance: whose, from where, of how many stretches."""
    return [
        {
            "speaker": speaker,
            "participant": participants.get(speaker),
            "scope": baseline.scope,
            "num_turns": baseline.num_turns,
            "note": "relative to this session" if baseline.scope == "session" else "relative to the case",
        }
        for speaker, baseline in baselines.items()
    ]


def _row(row: dict[str, Any], readout: Readout, joined: TurnRecognition | None) -> dict[str, Any]:
    basis = {key: row[key] for key in ("start", "end", "speaker", "speaker_confidence", "overlap")}
    basis["text"] = row.get("text")
    if joined is None:
        return basis | {"scored": False, "reason": row["reason"]}
    return basis | told(readout, joined.scores)


def _arrays(joined: Sequence[TurnRecognition | None], num_labels: int) -> Arrays:
    scored = [each for each in joined if each is not None]
    dimension = len(scored[0].embedding) if scored else 0
    nothing = np.full(dimension, np.nan, np.float32)
    counts = [0 if each is None else len(each.frame_scores) for each in joined]
    frames = [np.zeros((0, num_labels), np.float32), *(each.frame_scores for each in scored)]
    return {
        "embeddings": np.array([nothing if each is None else each.embedding for each in joined], np.float32).reshape(
            len(joined), dimension
        ),
        "frame_scores": np.concatenate(frames).astype(np.float32),
        "frame_offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "frame_times": np.concatenate([np.zeros(0), *(each.frame_times for each in scored)]),
    }
