"""Every figure with its name and how to read it, written once for reports, pages and ``turntone figure``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from diarization.errors import ConfigError

from .figures import (
    case_shares_figure,
    case_trends_figure,
    case_valence_figure,
    coupling_figure,
    emotion_share_figure,
    frame_heat_map,
    session_map,
    similarity_figure,
    talk_time_figure,
    trajectories,
    transition_graph,
    turn_map_figure,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pipeline.sessions import Session


@dataclass(frozen=True)
class FigureEntry:
    """A figure and how to read it; texts are English, as the catalogue of other languages has them.

    Parameters
    ----------
    name : str
        On the command line, and of its place in a report.
    of : str
        ``session``, or ``participant``: of a person over the sessions of a case.
    title, about : str
        A heading, and how to read it.
    draw : callable
        Takes a Session, or the sessions of a case and a participant's name; and ``theme`` and ``language`` by name.
    """

    name: str
    of: Literal["session", "participant"]
    title: str
    about: str
    draw: Callable[..., go.Figure]


SESSION_FIGURES = (
    FigureEntry(
        "session-map",
        "session",
        "Who spoke when",
        "A lane for each speaker. The colour is the emotion a turn sounds most like, the paler the less sure; hatched "
        "turns are not scored. Below: the emotion that is heard at each moment, several voices at once, and silence.",
        session_map,
    ),
    FigureEntry(
        "trajectories",
        "session",
        "How each speaker sounded over time",
        "The smoothed share of each emotion, and below it valence from unpleasant (−1) to pleasant (1) with its 95 % "
        "band; each point is a turn, larger the longer it is.",
        trajectories,
    ),
    FigureEntry(
        "talk-time",
        "session",
        "Talk time",
        "How long each speaker talks, overlap included.",
        talk_time_figure,
    ),
    FigureEntry(
        "emotion-shares",
        "session",
        "Emotion shares",
        "Each turn weighs as much as it lasts, and counts for its emotions as likely as they are.",
        emotion_share_figure,
    ),
    FigureEntry(
        "frames",
        "session",
        "The scores moment by moment",
        "What the recogniser says before anything is smoothed: the further from the ground's colour, the likelier the "
        "emotion. Empty where nobody is scored.",
        frame_heat_map,
    ),
    FigureEntry(
        "transitions",
        "session",
        "Which emotion follows which",
        "A disc is as large as the emotion's share and says how often it goes on; an arrow is as wide as the share of "
        "what comes next, and dark where that differs from shuffled turns. Single arrows may be chance.",
        transition_graph,
    ),
    FigureEntry(
        "coupling",
        "session",
        "Do two speakers move together",
        "How valence of the two goes together at each lag (mean Fisher's Z); the dashed line is chance, filled points "
        "differ from it. To be earlier is not to be the cause.",
        coupling_figure,
    ),
)
"""Of a session, in the order of a report."""

CASE_FIGURES = (
    FigureEntry(
        "case-shares",
        "participant",
        "Emotions from session to session",
        "Shares of the scored time; the whiskers are 95 % intervals over the session's turns.",
        case_shares_figure,
    ),
    FigureEntry(
        "case-valence",
        "participant",
        "Pleasant or unpleasant",
        "Mean valence, derived from the emotion scores; the whiskers are 95 % intervals over the session's turns.",
        case_valence_figure,
    ),
    FigureEntry(
        "similarity",
        "participant",
        "How alike the sessions are",
        "Each cell compares the voice as a whole (its mean embedding) in two sessions, less what this speaker and "
        "everybody in the case sound like in the other sessions: 1 is alike, −1 opposite. The diagonal compares random "
        "halves of one session, which differ by chance only. A small p says that two sessions differ more than they do "
        "when their turns are shuffled between them.",
        similarity_figure,
    ),
    FigureEntry(
        "case-trends",
        "participant",
        "What rises or falls over the dates",
        "How much valence, arousal and each emotion's share change in 30 days, with 95 % intervals; the session is the "
        "unit. Filled points are beyond chance after correction for all of them.",
        case_trends_figure,
    ),
    FigureEntry(
        "turn-map",
        "participant",
        "A map of the turns",
        "Turns that sound alike lie near each other; the colour is the emotion, the shape the session. For looking "
        "only: distances across the map and gaps in it mean nothing.",
        turn_map_figure,
    ),
)
"""Of a participant over a case, in the order of a report."""

FIGURES = {entry.name: entry for entry in (*SESSION_FIGURES, *CASE_FIGURES)}
"""Every figure, by name."""


def find_figure(name: str) -> FigureEntry:
    """The figure of that name.

    Raises
    ------
    ConfigError
        Where there is none.
    """
    if name in FIGURES:
        return FIGURES[name]
    near = get_close_matches(name, FIGURES, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"they are {', '.join(FIGURES)}"
    raise ConfigError(f"figure '{name}': there is none of that name; {hint}")


def about_figure(name: str) -> str:
    """How to read a figure, in the language spoken."""
    from .language import say

    return say(find_figure(name).about)


def has_data(figure: go.Figure) -> bool:
    """Whether something is drawn, and not only a sentence on what is missing."""
    return len(figure.data) > 0


def message_of(figure: go.Figure) -> str:
    """The sentence of a figure without data."""
    return " ".join(str(figure.layout.annotations[0].text).replace("<br>", " ").split())


def drawn_figures(
    entries: Sequence[FigureEntry], *given: Any, **options: Any
) -> Iterator[tuple[FigureEntry, go.Figure]]:
    """Each figure with its entry, in order."""
    for entry in entries:
        yield entry, entry.draw(*given, **options)


def draw_for(entry: FigureEntry, sessions: Sequence[Session], participant: str | None, **options: Any) -> go.Figure:
    """A figure of one session, or of a participant over sessions."""
    return entry.draw(sessions, participant, **options) if participant else entry.draw(sessions[0], **options)
