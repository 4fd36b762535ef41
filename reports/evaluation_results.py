"""What an evaluation of the whole analysis came to, pooled over recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .attribution import ATTRIBUTED_PARTS, NOT_FOUND, NOT_SCORED
from .recording_results import DiarizationResult, diarization_figures, rounded, with_interval
from .recovery import SpeakerCourse, Trend


@dataclass(frozen=True)
class EmotionTime:
    """Seconds of one true emotion in a recording, and how many of them were found right.

    ``true_turns`` counts those scored right where the true turns were given to the recogniser, ``found_turns`` those
    where the whole analysis found speaker and emotion.
    """

    spoken: float
    true_turns: float
    found_turns: float


@dataclass(frozen=True, kw_only=True)
class RecordingResult(DiarizationResult):
    """What one recording came to: its diarization and, where emotions are known, the rest.

    Parameters
    ----------
    emotions : dict
        By true emotion: seconds found right.
    attributed : dict
        Seconds of each of ``ATTRIBUTED_PARTS``, and of the ``speech`` they are of; empty where no emotion is known.
    turns : dict of dict
        By true emotion and what was heard (``attribution.turns_heard``): numbers of true turns.
    courses : tuple of SpeakerCourse
        Of the speakers with enough true turns.
    """

    emotions: dict[str, EmotionTime] = field(default_factory=dict)
    attributed: dict[str, float] = field(default_factory=dict)
    turns: dict[str, dict[str, int]] = field(default_factory=dict)
    courses: tuple[SpeakerCourse, ...] = ()


def pooled(recordings: Sequence[RecordingResult], interval: bool = True) -> dict[str, Any]:
    """The figures of several recordings together: errors in seconds over seconds of true speech.

    Returns
    -------
    dict
        Those of ``diarization_figures``; the unweighted average recalls over time ``emotion_true_turns`` and
        ``emotion_found_turns`` with ``recall`` by emotion; ``attributed_error`` with its parts in ``attributed``;
        ``turn_recall`` with ``turn_accuracy``, ``turns_found``, ``num_turns`` and the counts in ``turns``;
        ``trajectory_correlation`` and ``trajectory_error`` with ``trajectory_neutral_error``, ``num_courses`` and
        ``num_courses_found``. Main figures have ``_low`` and ``_high``. None where unknown.
    """
    figures = diarization_figures(recordings, interval)
    for figures_of in (_emotion_figures, _attributed_figures, _turn_figures, _course_figures):
        figures |= figures_of(recordings, interval)
    attributed = _attributed(recordings)
    return rounded(figures) | {"recall": _recalls(recordings), "attributed": attributed, "turns": _turns(recordings)}


def trend_figures(trends: Sequence[Trend]) -> dict[str, Any]:
    """How well the trends of cases are found: ``direction_right`` and ``slope_error``, intervals over cases.

    ``slope_error`` is the mean absolute difference of slopes, in valence in 30 days; ``level_error`` what it would be
    if every slope were called 0. Of the trends that the report's test judges, ``num_moving`` truly move and
    ``num_level`` do not; ``moving_shown`` is the share of the first that it shows, in their direction, ``level_shown``
    that of the second that it shows although they do not.
    """
    cases = [[each for each in trends if each.case == case] for case in dict.fromkeys(each.case for each in trends)]
    counts = [len(own) for own in cases]
    right = [sum(each.true_direction == each.found_direction for each in own) for own in cases]
    wrong = [sum(abs(each.found_slope - each.true_slope) for each in own) for own in cases]
    level = [sum(abs(each.true_slope) for each in own) for own in cases]
    figures: dict[str, Any] = {"num_cases": len(cases), "num_trends": len(trends)}
    figures |= with_interval("direction_right", right, counts)
    figures |= with_interval("slope_error", wrong, counts)
    figures["level_error"] = sum(level) / len(trends) if trends else None
    return rounded(figures) | _shown(trends)


def _shown(trends: Sequence[Trend]) -> dict[str, Any]:
    judged = [each for each in trends if each.shown_direction is not None]
    moving = [each.shown_direction == each.true_direction for each in judged if each.true_direction != "level"]
    level = [each.shown_direction != "level" for each in judged if each.true_direction == "level"]
    shares = {"moving_shown": moving, "level_shown": level}
    counts = {"num_moving": len(moving), "num_level": len(level)}
    return counts | {name: round(sum(own) / len(own), 6) if own else None for name, own in shares.items()}


def _emotion_figures(recordings: Sequence[RecordingResult], interval: bool) -> dict[str, float | None]:
    kinds = _kinds(each.emotions for each in recordings)
    nothing = EmotionTime(0.0, 0.0, 0.0)
    times = [[each.emotions.get(kind, nothing) for kind in kinds] for each in recordings]
    spoken = [[each.spoken for each in own] for own in times]
    true = [[each.true_turns for each in own] for own in times]
    found = [[each.found_turns for each in own] for own in times]
    return with_interval("emotion_true_turns", true, spoken, interval) | with_interval(
        "emotion_found_turns", found, spoken, interval
    )


def _attributed_figures(recordings: Sequence[RecordingResult], interval: bool) -> dict[str, float | None]:
    wrong = [sum(each.attributed.get(part, 0.0) for part in ATTRIBUTED_PARTS) for each in recordings]
    speech = [each.attributed.get("speech", 0.0) for each in recordings]
    return with_interval("attributed_error", wrong, speech, interval)


def _turn_figures(recordings: Sequence[RecordingResult], interval: bool) -> dict[str, Any]:
    kinds = _kinds(each.turns for each in recordings)
    right = [[each.turns.get(kind, {}).get(kind, 0) for kind in kinds] for each in recordings]
    counts = [[sum(each.turns.get(kind, {}).values()) for kind in kinds] for each in recordings]
    number, hits = int(np.sum(counts)), int(np.sum(right))
    lost = {word: sum(_heard_as(each, word) for each in recordings) for word in (NOT_FOUND, NOT_SCORED)}
    scored = number - sum(lost.values())
    return with_interval("turn_recall", right, counts, interval) | {
        "turn_accuracy": hits / scored if scored else None,
        "turns_found": 1 - lost[NOT_FOUND] / number if number else None,
        "num_turns": number,
    }


def _course_figures(recordings: Sequence[RecordingResult], interval: bool) -> dict[str, Any]:
    errors = [[each.error for each in own.courses if each.error is not None] for own in recordings]
    neutral = [[each.neutral_error for each in own.courses if each.error is not None] for own in recordings]
    related = [[each.correlation for each in own.courses if each.correlation is not None] for own in recordings]
    return (
        _mean_of_all("trajectory_correlation", related, interval)
        | _mean_of_all("trajectory_error", errors, interval)
        | {"trajectory_neutral_error": _mean_of_all("", neutral, False)[""]}
        | {"num_courses": sum(len(each.courses) for each in recordings)}
        | {"num_courses_found": sum(map(len, errors))}
    )


def _mean_of_all(name: str, values: Sequence[Sequence[float]], interval: bool) -> dict[str, float | None]:
    return with_interval(name, [sum(own) for own in values], [len(own) for own in values], interval)


def _kinds(each_own: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({kind for own in each_own for kind in own})


def _heard_as(recording: RecordingResult, word: str) -> int:
    return sum(row.get(word, 0) for row in recording.turns.values())


def _recalls(recordings: Sequence[RecordingResult]) -> dict[str, dict[str, float]]:
    return {
        kind: _recall([each.emotions[kind] for each in recordings if kind in each.emotions])
        for kind in _kinds(each.emotions for each in recordings)
    }


def _recall(times: Sequence[EmotionTime]) -> dict[str, float]:
    spoken = sum(each.spoken for each in times)
    true, found = sum(each.true_turns for each in times), sum(each.found_turns for each in times)
    return {
        "true_turns": round(true / spoken, 4),
        "found_turns": round(found / spoken, 4),
        "seconds": round(spoken, 3),
    }


def _attributed(recordings: Sequence[RecordingResult]) -> dict[str, float | None]:
    """The parts of the error over the speech they are of, and its ``seconds``; None where no emotion is known."""
    speech = sum(each.attributed.get("speech", 0.0) for each in recordings)
    seconds = {part: sum(each.attributed.get(part, 0.0) for each in recordings) for part in ATTRIBUTED_PARTS}
    parts = {part: round(each / speech, 4) if speech else None for part, each in seconds.items()}
    return parts | {"seconds": round(speech, 3)}


def _turns(recordings: Sequence[RecordingResult]) -> dict[str, dict[str, int]]:
    summed: dict[str, dict[str, int]] = {}
    for kind in _kinds(each.turns for each in recordings):
        rows = [each.turns.get(kind, {}) for each in recordings]
        summed[kind] = {word: sum(row.get(word, 0) for row in rows) for word in _kinds(rows)}
    return summed
