"""What files of turns hold, whatever their format, and what a codec of one format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..diarizations import Diarization, diarization_of
from ..errors import FormatError

TOLERANCE = 0.5
"""Seconds that a turn may reach past its recording's end: players and encoders differ by that much."""

_LISTED = 5  # names in a message


class SeveralRecordingsError(FormatError):
    """A file speaks of several recordings, and nobody said which one is meant."""


@dataclass(frozen=True, slots=True)
class FileTurn:
    """What a file says of one stretch of speech.

    Parameters
    ----------
    start, end : float
        Seconds from the beginning of the recording, ``0 <= start < end``.
    speaker : str
        As the file calls them, never empty.
    text : str
        What is said; empty where the file does not say.
    labels : mapping of str to str
        What else the file says of it, by kind: ``{"emotion": "happy"}``.
    where : str
        The place in the file, for messages; takes no part in comparisons.
    """

    start: float
    end: float
    speaker: str
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class TurnFile:
    """The turns of one recording, as a file has them.

    Parameters
    ----------
    turns : tuple of FileTurn
        Ordered by start, end and speaker; empty where nobody speaks.
    exclusive : tuple of FileTurn, optional
        The file's own view without overlap, where it has one.
    notes : tuple of str
        Sentences on what was left out, and why.
    """

    turns: tuple[FileTurn, ...]
    exclusive: tuple[FileTurn, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def diarization(self) -> Diarization:
        """The turns as a Diarization, overlap kept, without embeddings; turns of one speaker that touch are joined."""
        found = _diarization(self.turns)
        if self.exclusive is None:
            return found
        return replace(found, exclusive_segments=_diarization(self.exclusive).segments)

    def within(self, duration: float, tolerance: float = TOLERANCE) -> TurnFile:
        """The same cut to a recording of so many seconds.

        Raises
        ------
        FormatError
            Where a turn reaches further past the end than the tolerance; the message names its place.
        """
        exclusive = None if self.exclusive is None else _cut(self.exclusive, duration, tolerance)
        return replace(self, turns=_cut(self.turns, duration, tolerance), exclusive=exclusive)


@dataclass(frozen=True)
class TurnCodec:
    """One format of turns, for reading and writing.

    Parameters
    ----------
    name : str
        What settings and commands call it.
    title : str
        What people call it.
    extensions : tuple of str
        Of its files, in lower case with the dot; the first is the usual one.
    keeps : frozenset of str
        What the format holds beside start, end and speaker: ``text``, ``emotion``.
    recognizes : callable
        Whether a text may be of this format, ``(text) -> bool``. Quick, and right about whole files only.
    parse : callable
        ``(text, name, recording) -> TurnFile``: ``name`` is what errors call the file, ``recording`` the name of the
        recording that is meant where the file speaks of several. Raises a FormatError that names the place.
    format : callable, optional
        ``(turns, recording, duration) -> text``; times keep milliseconds, turns shorter than half of one are left
        out. None where the format is only read.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    keeps: frozenset[str]
    recognizes: Callable[[str], bool]
    parse: Callable[[str, str, str | None], TurnFile]
    format: Callable[[Sequence[FileTurn], str, float], str] | None = None


def turn_file(turns: Iterable[FileTurn | None], notes: Sequence[str] = ()) -> TurnFile:
    """A TurnFile from turns in any order; None stands for what had no length."""
    kept = [turn for turn in turns if turn is not None]
    return TurnFile(tuple(sorted(kept, key=lambda turn: (turn.start, turn.end, turn.speaker))), None, tuple(notes))


def written(turns: Iterable[FileTurn]) -> list[FileTurn]:
    """The turns as a file will have them: whole milliseconds, in order, without those that become empty."""
    rounded = [
        replace(turn, start=round(turn.start, 3), end=round(turn.end, 3), text=flat(turn.text)) for turn in turns
    ]
    return list(turn_file(turn if turn.start < turn.end else None for turn in rounded).turns)


def tiers_of(turns: Iterable[FileTurn], title: str) -> dict[str, list[FileTurn]]:
    """The turns of each speaker in order of first speech, for formats with a tier a speaker.

    Raises
    ------
    FormatError
        Where two turns of one speaker overlap, which a tier cannot hold.
    """
    tiers: dict[str, list[FileTurn]] = {}
    for turn in written(turns):
        own = tiers.setdefault(turn.speaker, [])
        if own and own[-1].end > turn.start:
            raise FormatError(
                f"{title}: the turns of '{turn.speaker}' at {own[-1].start:.3f} s and {turn.start:.3f} s overlap, and "
                "a tier holds one at a time; join them"
            )
        own.append(turn)
    return tiers


def flat(text: str) -> str:
    """The text on one line, with single blanks.

    >>> flat(" good  morning\\n Anna ")
    'good morning Anna'
    """
    return " ".join(text.split())


def some(names: Iterable[str]) -> str:
    """A few names for a message."""
    listed = list(names)
    return ", ".join(listed[:_LISTED]) + (", ..." if len(listed) > _LISTED else "")


def _diarization(turns: Iterable[FileTurn]) -> Diarization:
    return diarization_of((turn.start, turn.end, turn.speaker) for turn in turns)


def _cut(turns: Iterable[FileTurn], duration: float, tolerance: float) -> tuple[FileTurn, ...]:
    kept = []
    for turn in turns:
        if turn.end > duration + tolerance:
            raise FormatError(
                f"{turn.where}: ends at {turn.end:.3f} s, but the recording at {duration:.3f} s; give the turns of "
                "this recording"
            )
        if turn.start < duration:
            kept.append(replace(turn, end=min(turn.end, duration)))
    return tuple(kept)
