"""How a diarization differs from the true one: error rates by their definitions, through pyannote.metrics."""

from __future__ import annotations

from typing import Any

from diarization.diarizations import Diarization

PARTS = ("missed", "false_alarm", "confusion")
"""The parts of the diarization error rate."""


def error_seconds(reference: Diarization, found: Diarization, duration: float) -> dict[str, float]:
    """Seconds missed, of false alarm and of confusion under the best pairing of speakers, overlap counted."""
    from pyannote.core import Segment as Stretch
    from pyannote.core import Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    metric = DiarizationErrorRate()
    whole = Timeline([Stretch(0, max(duration, 1e-3))])
    parts = metric(reference.to_annotation(), found.to_annotation(), uem=whole, detailed=True)
    return {part: float(parts[part.replace("missed", "missed detection").replace("_", " ")]) for part in PARTS}


def pairing(reference: Diarization, found: Diarization) -> dict[str, str]:
    """The true speaker of each found one, so that the pairs share as much time as they can; the rest have none."""
    from pyannote.metrics.diarization import DiarizationErrorRate

    return dict(DiarizationErrorRate().optimal_mapping(reference.to_annotation(), found.to_annotation()))


def jaccard_error(reference: Diarization, found: Diarization, duration: float) -> float:
    """The sum over the true speakers of the Jaccard error of each, 0 to 1; over their number it is the JER (DIHARD II).

    A speaker's Jaccard error is what is missed or false of all that the true speaker and the found one who is paired
    with it say; a true speaker who is paired with nobody has 1. It is 0 where nobody truly speaks.
    """
    from pyannote.core import Segment as Stretch
    from pyannote.core import Timeline
    from pyannote.metrics.diarization import JaccardErrorRate

    whole = Timeline([Stretch(0, max(duration, 1e-3))])
    metric: Any = JaccardErrorRate()  # type: ignore[no-untyped-call]
    parts = metric(reference.to_annotation(), found.to_annotation(), uem=whole, detailed=True)
    return float(parts["speaker error"])
