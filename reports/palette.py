"""Colours: the same emotion and the same speaker have the same colour on every page and in every report.

The emotions' colours lie at least 20 apart (CIE 1976) for people with ordinary vision and for those who lack any one of
the three kinds of cones (Machado, Oliveira and Fernandes 2009). Speakers' colours lie at least 10 apart likewise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from emotion.readout import UNCERTAIN

if TYPE_CHECKING:
    from emotion.schemes import EmotionScheme
    from pipeline.sessions import Session

EMOTION_COLOURS = {
    "angry": "#B7390C",
    "disgusted": "#0F854D",
    "fearful": "#9F4F80",
    "happy": "#DE9D40",
    "neutral": "#A9B3C3",
    "other": "#CAB382",
    "sad": "#2C55B5",
    "surprised": "#45A3E1",
    "unknown": "#3D3F44",
}
"""Colour of each canonical emotion."""

OWN_COLOURS = tuple(EMOTION_COLOURS[label] for label in (
    "happy", "sad", "disgusted", "angry", "surprised", "fearful", "other", "neutral", "unknown"
))  # fmt: skip
"""Colours of labels that are a user's own, as far as the canonical ones of their scheme leave them free."""

UNCERTAIN_COLOUR = "#FEFEE0"
"""Fill of a turn whose emotion is uncertain; it is striped too, so that the colour alone tells nothing."""

SPEAKER_COLOURS = ("#6D75E0", "#5500BB", "#1C685A", "#16B2CF", "#8E279A", "#A5AF17", "#E88A83", "#898083")
"""Colours of speakers; they begin again where there are more."""

UNSCORED = "#E3E7EC"
"""Fill of a turn that is not scored."""

INK, MUTED, GRID, ACCENT = "#1F2933", "#616E7C", "#E4E7EB", "#0B5C8A"
"""Text, text that stands back, lines of the grid, and what belongs to no emotion and no speaker."""


def speaker_colours(session: Session) -> dict[str, str]:
    """The colour of each speaker of a session, by label.

    A participant's colour follows from the name, so that it is the same in every session of the same people; speakers
    whom nobody has named take what is left, in order of first speech.
    """
    return people_colours(session.speakers[["label", "participant"]].itertuples(index=False, name=None))


def people_colours(people: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The same by label, from labels with participants in order of first speech."""
    return dict(_people_colours(tuple(people)))


@lru_cache(4096)
def _people_colours(known: tuple[tuple[str, str | None], ...]) -> dict[str, str]:
    slots: dict[str, int] = {}
    for name, label in sorted((name, label) for label, name in known if name):
        slots[label] = _free_slot(slots, crc32(name.encode()))
    for label, _ in known:
        slots.setdefault(label, _free_slot(slots, 0))
    return {label: SPEAKER_COLOURS[slots[label] % len(SPEAKER_COLOURS)] for label, _ in known}


def emotion_colours(scheme: EmotionScheme) -> dict[str, str]:
    """The colour of each label of a scheme: a canonical emotion's own, for others the next that is free, in order.

    They begin again where a scheme has more labels than there are colours. ``uncertain`` has its own.
    """
    known = {label: EMOTION_COLOURS[label] for label in scheme.labels if label in EMOTION_COLOURS}
    free = [colour for colour in OWN_COLOURS if colour not in known.values()] or list(OWN_COLOURS)
    others = [label for label in scheme.labels if label not in known]
    own = {label: free[index % len(free)] for index, label in enumerate(others)}
    return {label: (known | own)[label] for label in scheme.labels} | {UNCERTAIN: UNCERTAIN_COLOUR}


def _free_slot(slots: Mapping[str, int], wanted: int) -> int:
    """The first slot from the wanted one on that fewest speakers have."""
    size = len(SPEAKER_COLOURS)
    taken = Counter(slot % size for slot in slots.values())
    order = [(wanted + step) % size for step in range(size)]
    return min(order, key=lambda slot: taken[slot])


def text_on(colour: str, opacity: float = 1.0, paper: str = "#FFFFFF") -> str:
    """Dark or white, whichever is easier to read on a colour that lies on paper with an opacity between 0 and 1.

    >>> text_on("#3D3F44"), text_on("#3D3F44", 0.4), text_on("#3D3F44", 0.4, "#171C22")
    ('#FFFFFF', '#1F2933', '#FFFFFF')
    """
    parts = (
        round(int(colour[at : at + 2], 16) * opacity + int(paper[at : at + 2], 16) * (1 - opacity)) for at in (1, 3, 5)
    )
    return INK if luminance("#" + "".join(f"{part:02X}" for part in parts)) > 0.22 else "#FFFFFF"


def luminance(colour: str) -> float:
    """Relative luminance of a colour, 0 to 1 (gamma taken as 2.2).

    >>> luminance("#000000"), round(luminance("#FFFFFF"), 6)
    (0.0, 1.0)
    """
    weights = (0.2126, 0.7152, 0.0722)
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return float(sum(weight * part**2.2 for weight, part in zip(weights, parts, strict=True)))


def transparent(colour: str, opacity: float) -> str:
    """A colour as plotly writes it with an opacity between 0 and 1.

    >>> transparent("#CC3311", 0.5)
    'rgba(204,51,17,0.5)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
