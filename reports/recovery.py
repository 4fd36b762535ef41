"""How well what is known of courses is found again: each speaker's over a recording, and from session to session."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion.schemes import VALENCE_AROUSAL

from .attribution import SaidTurn
from .between.trends import trend
from .measures.courses import bandwidth_of, smoothed
from .resampling import Floats
from .truth import Labelled, Truth
from .turns import LEAST_TURNS

LEVEL = 0.1
"""Valence; a course that moves less is level. An eighth of the way from neutral to happy."""

LEAST_SESSIONS = 3
"""Sessions below which no trend is looked at."""

_SURE = 0.05
_POINTS = 160
_MONTH = 30  # days


@dataclass(frozen=True)
class SpeakerCourse:
    """How the found course of a speaker's valence over a recording lies beside the true one.

    Parameters
    ----------
    speaker : str
        As the truth calls the speaker.
    correlation : float or None
        Pearson's, over time; None where the course was not found, or the true one is level.
    error : float or None
        Mean absolute difference over time; None where the course was not found.
    neutral_error : float
        What ``error`` would be if everything were called neutral.
    """

    speaker: str
    correlation: float | None
    error: float | None
    neutral_error: float


@dataclass(frozen=True)
class SessionMean:
    """Mean valence of the speakers of one session of a case, truly and as found, by true speaker.

    ``turns`` are the found ones that ``found`` is the mean of, shape (turns, 3): middle and duration, valence.
    """

    case: str
    date: datetime.date
    true: Mapping[str, float]
    found: Mapping[str, float]
    turns: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Trend:
    """Where a speaker's valence goes from session to session of a case, truly and as found.

    Parameters
    ----------
    case, speaker : str
        Whose.
    num_sessions : int
        In which both are known.
    days : int
        From the first of them to the last.
    true_slope, found_slope : float
        Valence in 30 days, by least squares over the sessions' means.
    p : float or None
        Of the report's test of the found trend (``between.trends``), not corrected; None with too few sessions for it.
    """

    case: str
    speaker: str
    num_sessions: int
    days: int
    true_slope: float
    found_slope: float
    p: float | None = None

    @property
    def shown_direction(self) -> str | None:
        """What the report would say: ``up`` or ``down`` at p of 0.05, else ``level``; None where it would not say."""
        if self.p is None:
            return None
        return "level" if self.p > _SURE else "up" if self.found_slope > 0 else "down"

    @property
    def true_direction(self) -> str:
        """``up``, ``down`` or ``level``."""
        return self._direction(self.true_slope)

    @property
    def found_direction(self) -> str:
        """``up``, ``down`` or ``level``."""
        return self._direction(self.found_slope)

    def _direction(self, slope: float) -> str:
        change = slope * self.days / _MONTH
        return "level" if abs(change) < LEVEL else "up" if change > 0 else "down"


def speaker_courses(truth: Truth, said: Sequence[SaidTurn], duration: float) -> tuple[SpeakerCourse, ...]:
    """The courses of all speakers with enough true turns, each beside the one found.

    The true course gives each true turn the valence of its emotion (Russell and Mehrabian's norms); both courses are
    smoothed as the trajectories of reports are (``measures.courses``), and compared over the time in which both are
    drawn. A course needs four turns.

    Parameters
    ----------
    truth : Truth
        Of the recording.
    said : sequence of SaidTurn
        The found turns; their speakers are called as the true ones that they are paired with.
    duration : float
        Of the recording, in seconds.
    """
    known = known_valences(truth.emotions)
    speakers = sorted({speaker for _, speaker, _ in truth.emotions})
    courses = []
    for speaker in speakers:
        true, found = known.get(speaker, np.zeros((0, 3))), found_valences(said, speaker)
        if len(true) >= LEAST_TURNS:
            courses.append(_course(speaker, true, found, bandwidth_of(duration)))
    return tuple(courses)


def known_valences(emotions: Labelled) -> dict[str, Floats]:
    """By speaker, of shape (turns, 3): middle and duration in seconds, valence; turns without a norm are left out."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for segment, speaker, emotion in sorted(emotions):
        if emotion in VALENCE_AROUSAL:
            row = (segment.middle, segment.duration, VALENCE_AROUSAL[emotion][0])
            rows.setdefault(speaker, []).append(row)
    return {speaker: np.array(own) for speaker, own in rows.items()}


def found_valences(said: Sequence[SaidTurn], speaker: str) -> Floats:
    """The same of one speaker's found turns, of shape (turns, 3); those without valence are left out."""
    own = [each for each in said if each.turn.speaker == speaker and np.isfinite(each.valence)]
    rows = [(each.turn.segment.middle, each.turn.segment.duration, each.valence) for each in own]
    return np.array(rows).reshape(-1, 3)


def _course(speaker: str, true: Floats, found: Floats, bandwidth: float) -> SpeakerCourse:
    first, last = true[0, 0], true[-1, 0]
    enough = len(found) >= LEAST_TURNS
    if enough:
        first, last = max(first, found[:, 0].min()), min(last, found[:, 0].max())
    time = np.linspace(first, max(last, first), _POINTS)
    truly = _smoothed(time, true, bandwidth)
    neutral = float(np.abs(truly).mean())
    if not enough or last <= first:
        return SpeakerCourse(speaker, None, None, neutral)
    heard = _smoothed(time, found, bandwidth)
    return SpeakerCourse(speaker, _correlation(truly, heard), float(np.abs(heard - truly).mean()), neutral)


def _smoothed(time: Floats, turns: Floats, bandwidth: float) -> Floats:
    return smoothed(time, turns[:, 0], turns[:, 2], turns[:, 1], bandwidth)[0]


def _correlation(truly: Floats, heard: Floats) -> float | None:
    """None where the true course is level; 0 where the found one does not move at all."""
    if np.ptp(truly) < LEVEL:
        return None
    return float(np.corrcoef(truly, heard)[0, 1]) if np.ptp(heard) > 1e-9 else 0.0


def mean_valence(turns: Floats) -> float:
    """The mean of turns of shape (turns, 3), weighted by their durations."""
    return float(np.average(turns[:, 2], weights=turns[:, 1]))


def trends(sessions: Sequence[SessionMean]) -> list[Trend]:
    """The trends of all speakers who are in at least three dated sessions of a case, in order of case and speaker."""
    found = []
    for case in sorted({each.case for each in sessions}):
        own = sorted((each for each in sessions if each.case == case), key=lambda each: each.date)
        for speaker in sorted({who for each in own for who in each.true}):
            both = [each for each in own if speaker in each.true and speaker in each.found]
            days = (both[-1].date - both[0].date).days if both else 0
            if len(both) >= LEAST_SESSIONS and days:
                found.append(_trend(case, speaker, both, days))
    return found


def _trend(case: str, speaker: str, sessions: Sequence[SessionMean], days: int) -> Trend:
    months = np.array([(each.date - sessions[0].date).days / _MONTH for each in sessions])
    true = np.polyfit(months, [each.true[speaker] for each in sessions], 1)[0]
    found = np.polyfit(months, [each.found[speaker] for each in sessions], 1)[0]
    return Trend(case, speaker, len(sessions), days, float(true), float(found), _p_of(speaker, sessions))


def _p_of(speaker: str, sessions: Sequence[SessionMean]) -> float | None:
    known = [each for each in sessions if speaker in each.turns]
    values, weights = ([each.turns[speaker][:, column] for each in known] for column in (2, 1))
    p = trend("valence", values, weights, [each.date for each in known]).p
    return p if np.isfinite(p) else None
