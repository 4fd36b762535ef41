"""From a diarization's segments to turns: what one person says before another takes over or a long pause."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from .diarizations import Diarization, SpeakerSegment
from .segments import Segment, intersection, total_duration, union


class TurnRules(BaseModel):
    """When segments of one speaker are one turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pause: float = Field(default=1.0, ge=0, description="seconds of pause within a turn; a longer one ends it")
    min_duration: float = Field(
        default=0.2, ge=0, description="seconds of speech; a turn with less is dropped as a blip"
    )
    skip_music: bool = Field(
        default=False,
        description="whether music and tones (hold music, ringing) are looked for; turns in them are then not scored",
    )


@dataclass(frozen=True, order=True, slots=True)
class Turn:
    """What one person says before another takes over or a long pause. Never cut for length.

    Parameters
    ----------
    segment : Segment
        From the first segment's start to the last one's end.
    speaker : str
        Label in the Diarization.
    pieces : tuple of Segment
        The speaker's segments in it, in order, not overlapping; between them lie pauses.
    overlapped : tuple of Segment
        The stretches of the pieces in which others speak too.
    speaker_confidence : float, optional
        How sure the diarizer is of the speaker, 0 to 1, over the pieces; None where it does not say.
    """

    segment: Segment
    speaker: str
    pieces: tuple[Segment, ...]
    overlapped: tuple[Segment, ...] = ()
    speaker_confidence: float | None = field(default=None, compare=False)

    @property
    def start(self) -> float:
        """Seconds from the beginning of the recording."""
        return self.segment.start

    @property
    def end(self) -> float:
        """Seconds from the beginning of the recording."""
        return self.segment.end

    @property
    def overlap(self) -> float:
        """Share of the turn's speech in which others speak too, 0 to 1."""
        return total_duration(self.overlapped) / total_duration(self.pieces)


def turns_of(diarization: Diarization, rules: TurnRules | None = None) -> list[Turn]:
    """The turns of a diarization, ordered by start.

    Two neighbouring segments of a speaker are one turn where the pause between them is at most ``max_pause`` and
    nobody takes over in it, that is, no other speaker begins to speak in that pause. Turns with less speech than
    ``min_duration`` are dropped, and then no longer come between the segments of another speaker.

    Parameters
    ----------
    diarization : Diarization
        Overlap kept; without speech the list is empty.
    rules : TurnRules, optional
        The defaults where left out.

    Examples
    --------
    >>> from diarization.diarizations import diarization_of
    >>> [turn.speaker for turn in turns_of(diarization_of([(0, 1, "A"), (1.2, 1.3, "B"), (1.5, 3, "A")]))]
    ['A']
    """
    rules = rules or TurnRules()
    runs = _runs(diarization.segments, rules.max_pause)
    lasting = [run for run in runs if sum(each.segment.duration for each in run) >= rules.min_duration]
    kept = sorted(each for run in lasting for each in run)
    others = {
        speaker: union(each.segment for each in diarization.segments if each.speaker != speaker)
        for speaker in diarization.speakers
    }
    sure = dict(zip(diarization.segments, diarization.confidences or (), strict=False))
    return sorted(_turn(run, others[run[0].speaker], sure) for run in _runs(kept, rules.max_pause))


def _runs(segments: Sequence[SpeakerSegment], max_pause: float) -> list[list[SpeakerSegment]]:
    """The segments in runs of one speaker that no long pause and no other speaker breaks."""
    open_runs: dict[str, list[SpeakerSegment]] = {}
    starts: dict[str, list[float]] = {}
    runs: list[list[SpeakerSegment]] = []
    for each in sorted(segments):
        run = open_runs.get(each.speaker)
        if run and _goes_on(run[-1].segment, each, starts, max_pause):
            run.append(each)
        else:
            open_runs[each.speaker] = [each]
            runs.append(open_runs[each.speaker])
        starts.setdefault(each.speaker, []).append(each.segment.start)
    return runs


def _goes_on(before: Segment, after: SpeakerSegment, starts: dict[str, list[float]], max_pause: float) -> bool:
    if after.segment.start - before.end > max_pause:
        return False
    return not any(_begins_between(begun, before.end, after) for begun in starts.items())


def _begins_between(begun: tuple[str, list[float]], start: float, after: SpeakerSegment) -> bool:
    speaker, starts = begun
    at = bisect_left(starts, start)
    return speaker != after.speaker and at < len(starts) and starts[at] < after.segment.start


def _turn(run: Sequence[SpeakerSegment], others: Sequence[Segment], sure: Mapping[SpeakerSegment, float]) -> Turn:
    """One run as a turn; ``others`` is when anybody else speaks, in order, lying apart."""
    pieces = tuple(each.segment for each in run)
    span = Segment(pieces[0].start, pieces[-1].end)
    first = bisect_right(others, span.start, key=lambda each: each.end)
    last = bisect_left(others, span.end, key=lambda each: each.start)
    confidence = sum(sure[each] * each.segment.duration for each in run) / total_duration(pieces) if sure else None
    return Turn(span, run[0].speaker, pieces, tuple(intersection(pieces, others[first:last])), confidence)
