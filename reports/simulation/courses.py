"""The courses a simulated speaker's emotions may take within a conversation, and the trends from session to session."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from numpy.random import RandomState

from diarization.errors import ConfigError

UPSET = ("angry", "fearful", "disgusted", "sad")
"""Emotions that upset speakers have: the first of these that the speaker has utterances of."""

STRAY = 0.2
"""Share of the other speakers' turns that are not neutral."""

TREND = 0.8
"""Share of the first speaker's turns that are upset, or happy, at the ends of a trend."""


@dataclass(frozen=True)
class Course:
    """How the first speaker's emotions move over a conversation; the others stay mostly neutral.

    Parameters
    ----------
    meaning : str
        In a few words.
    targets : tuple of str
        What the speaker sounds like when not neutral: the first of these that the speaker has. Empty for any emotion.
    level : callable
        Share of turns with the target, by the share of the conversation that is over, both 0 to 1.
    """

    meaning: str
    targets: tuple[str, ...]
    level: Callable[[float], float]


def ramp(over: float) -> float:
    """0 up to a fifth of the conversation, 1 from four fifths on, in between a straight line.

    >>> [ramp(over) for over in (0.1, 0.5, 0.9)]
    [0.0, 0.5, 1.0]
    """
    return round(min(max((over - 0.2) / 0.6, 0.0), 1.0), 9)


def hill(over: float) -> float:
    """0 at both ends, 1 around the middle.

    >>> [hill(over) for over in (0.1, 0.5, 0.9)]
    [0.0, 1.0, 0.0]
    """
    return min(ramp(2 * over), ramp(2 * (1 - over)))


COURSES = {
    "calming": Course("upset at first, neutral at the end", UPSET, lambda over: 1 - ramp(over)),
    "escalating": Course("neutral at first, upset at the end", UPSET, ramp),
    "recovering": Course("neutral, upset in the middle, neutral again", UPSET, hill),
    "brightening": Course("neutral at first, happy at the end", ("happy",), ramp),
    "saddening": Course("neutral at first, sad at the end", ("sad",), ramp),
    "flat": Course("neutral throughout", ("neutral",), lambda _over: 0.0),
    "mixed": Course("any emotion at any time, of everybody", (), lambda _over: 1.0),
}
"""By name."""

TRENDS = ("none", "improving", "worsening", "flat")
"""How the first speaker's emotions may move from conversation to conversation of a case."""


def target_of(course: Course, emotions: Collection[str]) -> str | None:
    """What a speaker with these emotions sounds like when not neutral; None where the course needs another."""
    return next((each for each in course.targets if each in emotions), None)


def emotion_at(course: Course, over: float, is_first: bool, emotions: Collection[str], random: RandomState) -> str:
    """The emotion of a turn: drawn by the course for the first speaker, mostly neutral for the others.

    Parameters
    ----------
    course : Course
        Of the conversation.
    over : float
        Share of the conversation that is over, 0 to 1.
    is_first : bool
        Whether this is the speaker whose course it is.
    emotions : collection of str
        What the speaker has utterances of, in a fixed order.
    random : RandomState
        Draws one number, and where any emotion will do another.
    """
    drawn, every = random.random_sample(), list(emotions)
    if not course.targets or (not is_first and drawn < STRAY):
        return every[random.randint(len(every))]
    return str(target_of(course, emotions)) if is_first and drawn < course.level(over) else "neutral"


def trend_emotion(share: float, emotions: Collection[str], random: RandomState) -> str:
    """The emotion of one of the first speaker's turns where a case gets better.

    Parameters
    ----------
    share : float
        How far it has got better: 0 at the worst session, 1 at the best; in a case without a trend 0.5 in all.
    emotions : collection of str
        What the speaker has utterances of.
    random : RandomState
        Draws one number.
    """
    drawn = random.random_sample()
    if drawn < TREND * (1 - share):
        return next(each for each in UPSET if each in emotions)
    return "happy" if drawn < TREND else "neutral"


def needed(course: Course, trend: str, is_first: bool) -> list[tuple[str, ...]]:
    """What a speaker must have utterances of: of each group one."""
    if not course.targets:
        return []
    if not is_first:
        return [("neutral",)]
    return [("neutral",), UPSET, ("happy",)] if trend != "none" else [("neutral",), course.targets]


def check_course(name: str, trend: str) -> Course:
    """The course by its name.

    Raises
    ------
    ConfigError
        Where course or trend is none of ours, or a trend comes with a course of its own.
    """
    if name not in COURSES:
        raise ConfigError(f"course '{name}' is unknown; known are {', '.join(COURSES)}")
    if trend not in TRENDS:
        raise ConfigError(f"trend '{trend}' is unknown; known are {', '.join(TRENDS)}")
    if trend != "none" and name != "flat":
        raise ConfigError(f"a trend decides every session's emotions; leave the course '{name}' out")
    return COURSES[name]
