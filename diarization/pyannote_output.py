"""From what a pyannote diarization pipeline gives to a Diarization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .diarizations import Diarization, SpeakerSegment, diarization_of
from .speaker_count import SpeakerCount

Confidence = Callable[[str, float, float], float | None]
"""How sure it is that a speaker, by the label in the output, speaks between two moments, 0 to 1."""


def diarization_from(
    output: Any, duration: float, confidence: Confidence | None = None, count: SpeakerCount | None = None
) -> Diarization:
    """The Diarization in a pyannote ``DiarizeOutput``.

    Labels become ``SPEAKER_00``, ``SPEAKER_01``, ... in order of first speech, with the embeddings in that order.
    Segments are clipped to the recording, since pyannote pads its last chunk with silence and may hear somebody there.

    A speaker without a voice (an embedding of zeros or NaN) who never speaks alone is dropped: pyannote makes one up
    where it counts more simultaneous voices than it finds speakers. One who does speak alone is kept, with NaN as
    embedding: there was too little speech to tell how the voice sounds.

    Parameters
    ----------
    output : pyannote.audio.pipelines.speaker_diarization.DiarizeOutput
        Embeddings in the order of the labels.
    duration : float
        Seconds of the recording.
    confidence : callable, optional
        Of the pipeline; without it the segments have none.
    count : SpeakerCount, optional
        How the number of speakers came about.
    """
    labels = output.speaker_diarization.labels()
    voices = _voices(output.speaker_embeddings, len(labels))
    heard = {label for label, voice in zip(labels, voices, strict=True) if np.isfinite(voice).all()}
    real = heard | {*output.exclusive_speaker_diarization.labels()}

    found = diarization_of(_clipped(output.speaker_diarization, real, duration))
    names = {label: f"SPEAKER_{index:02d}" for index, label in enumerate(found.speakers)}
    exclusive = diarization_of(_clipped(output.exclusive_speaker_diarization, names, duration))
    return Diarization(
        segments=_renamed(found, names),
        embeddings=voices[[labels.index(label) for label in names]],
        exclusive_segments=_renamed(exclusive, names),
        confidences=_confidences(found, names, confidence),
        count=_as_found(count, len(names)),
    )


def _confidences(found: Diarization, names: dict[str, str], confidence: Confidence | None) -> tuple[float, ...] | None:
    """In the order that the segments have under their new names; None where one is not known."""
    if confidence is None:
        return None
    ordered = sorted(found.segments, key=lambda each: (each.segment, names[each.speaker]))
    sure = [confidence(each.speaker, each.segment.start, each.segment.end) for each in ordered]
    known = tuple(each for each in sure if each is not None)
    return known if len(known) == len(sure) else None


def _as_found(count: SpeakerCount | None, num_speakers: int) -> SpeakerCount | None:
    """Where nothing forced the number, it is that of the speakers who are left: a cluster may have lost all it had."""
    return count if count is None or count.forced is not None else replace(count, found=num_speakers)


def _voices(embeddings: Any, num_speakers: int) -> NDArray[np.float32]:
    """Embeddings in order of labels, NaN where there is none; of length 0 where the pipeline has no embeddings."""
    if embeddings is None:
        return np.zeros((num_speakers, 0), np.float32)
    voices = np.array(embeddings, np.float32)
    voices[~voices.any(axis=1)] = np.nan
    return voices


def _clipped(annotation: Any, labels: Any, duration: float) -> Iterator[tuple[float, float, str]]:
    for segment, _, label in annotation.itertracks(yield_label=True):
        start, end = max(float(segment.start), 0.0), min(float(segment.end), duration)
        if label in labels and start < end:
            yield start, end, label


def _renamed(diarization: Diarization, names: dict[str, str]) -> tuple[SpeakerSegment, ...]:
    return tuple(sorted(SpeakerSegment(each.segment, names[each.speaker]) for each in diarization.segments))
