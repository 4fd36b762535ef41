"""What a diarizer found: who speaks in which segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .segments import Segment, difference, intersection, total_duration, union
from .speaker_count import SpeakerCount

if TYPE_CHECKING:
    from pyannote.core import Annotation


@dataclass(frozen=True, order=True, slots=True)
class SpeakerSegment:
    """One segment and the label of the speaker heard in it."""

    segment: Segment
    speaker: str


@dataclass(frozen=True)
class Diarization:
    """Segments with speakers, overlap kept. Error rates are measured on it.

    Parameters
    ----------
    segments : tuple of SpeakerSegment
        Ordered by start, end, speaker; those of different speakers may overlap, those of one speaker do not.
    embeddings : np.ndarray, shape (num_speakers, dimension)
        Speaker embeddings, rows in ``speakers`` order; ``(num_speakers, 0)`` where the diarizer gives none.
    exclusive_segments : tuple of SpeakerSegment, optional
        The diarizer's own view without overlap, where it has one.
    confidences : tuple of float, optional
        How sure the diarizer is of each segment's speaker, 0 to 1, in the order of the segments; None where it does
        not say.
    count : SpeakerCount, optional
        How the number of speakers came about; None where the diarizer does not count.
    channel_of : dict of int
        The channel of the recording that each speaker has to himself, from 0; empty where voices were told apart.
    notes : tuple of str
        What a reader should know of how it came about, a sentence each.

    Raises
    ------
    ValueError
        Where there are not as many embeddings as speakers, or confidences as segments.
    """

    segments: tuple[SpeakerSegment, ...]
    embeddings: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    exclusive_segments: tuple[SpeakerSegment, ...] | None = None
    confidences: tuple[float, ...] | None = None
    count: SpeakerCount | None = None
    channel_of: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.confidences is not None and len(self.confidences) != len(self.segments):
            raise ValueError(f"{len(self.confidences)} confidences for {len(self.segments)} segments")
        if len(self.embeddings) not in (0, len(self.speakers)):
            raise ValueError(f"{len(self.embeddings)} speaker embeddings for {len(self.speakers)} speakers")

    @property
    def speakers(self) -> list[str]:
        """Labels in order of first speech; empty where nobody speaks."""
        return list(dict.fromkeys(each.speaker for each in self.segments))

    def of(self, speaker: str) -> list[Segment]:
        """The segments of one speaker, in order."""
        return [each.segment for each in self.segments if each.speaker == speaker]

    def speech(self) -> list[Segment]:
        """The stretches in which anybody speaks, in order."""
        return union(each.segment for each in self.segments)

    def overlap(self) -> list[Segment]:
        """The stretches in which two or more speakers speak at once, in order."""
        shared: list[Segment] = []
        heard: list[Segment] = []
        for speaker in self.speakers:
            shared += intersection(heard, self.of(speaker))
            heard += self.of(speaker)
        return union(shared)

    def talk_time(self, speaker: str) -> float:
        """Seconds in which the speaker speaks, overlap included."""
        return total_duration(self.of(speaker))

    def exclusive(self) -> Diarization:
        """The same without overlap: at most one speaker at any time.

        The diarizer's own exclusive view where it has one; else overlapped time goes to whoever held the floor,
        that is, to the speaker whose segment began first.
        """
        segments = self.exclusive_segments
        return self._with(_first_come(self.segments) if segments is None else segments)

    def to_annotation(self, uri: str = "") -> Annotation:
        """The same as a ``pyannote.core.Annotation``, overlap kept."""
        from pyannote.core import Annotation
        from pyannote.core import Segment as PyannoteSegment

        annotation = Annotation(uri=uri)
        for track, each in enumerate(self.segments):
            annotation[PyannoteSegment(each.segment.start, each.segment.end), track] = each.speaker
        return annotation

    def _with(self, segments: Sequence[SpeakerSegment]) -> Diarization:
        left = list(dict.fromkeys(each.speaker for each in segments))
        rows = [self.speakers.index(speaker) for speaker in left] if len(self.embeddings) else []
        return Diarization(
            tuple(segments),
            self.embeddings[rows],
            tuple(segments),
            count=self.count,
            channel_of=self.channel_of,
            notes=self.notes,
        )


def diarization_of(
    pairs: Iterable[tuple[float, float, str]], embeddings: NDArray[np.float32] | None = None
) -> Diarization:
    """A Diarization from (start, end, speaker) in any order; the segments of one speaker that touch are joined.

    Parameters
    ----------
    pairs : iterable of (float, float, str)
        Seconds and label.
    embeddings : np.ndarray, shape (num_speakers, dimension), optional
        Rows in order of the speakers' first speech.

    Examples
    --------
    >>> diarization_of([(0, 1, "A"), (1, 2, "A"), (1.5, 3, "B")]).speakers
    ['A', 'B']
    """
    by_speaker: dict[str, list[Segment]] = {}
    for start, end, speaker in pairs:
        by_speaker.setdefault(speaker, []).append(Segment(start, end))
    segments = sorted(SpeakerSegment(segment, speaker) for speaker, own in by_speaker.items() for segment in union(own))
    return Diarization(tuple(segments), np.zeros((0, 0), np.float32) if embeddings is None else embeddings)


def _first_come(segments: Sequence[SpeakerSegment]) -> tuple[SpeakerSegment, ...]:
    taken: list[Segment] = []
    kept: list[SpeakerSegment] = []
    for each in sorted(segments):
        nearby = [other for other in taken[-8:] if other.overlaps(each.segment)]
        kept += [SpeakerSegment(piece, each.speaker) for piece in difference([each.segment], nearby)]
        taken = union([*taken[-8:], each.segment])
    return tuple(sorted(kept))
