"""What recordings came to beside their truth, pooled over groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from .diarization_errors import PARTS
from .resampling import Floats

_RESAMPLES = 2000
_FEWEST = 3  # recordings that an interval needs


@dataclass(frozen=True, kw_only=True)
class DiarizationResult:
    """What the diarization of one recording came to.

    Parameters
    ----------
    name : str
        The file's name.
    duration, speech : float
        Seconds of sound; seconds of true speech, overlap counted for each speaker.
    errors : dict
        Seconds missed, of false alarm, and of confusion.
    num_speakers, num_found : int
        True speakers, and found ones.
    seconds : float
        What the analysis took, reading included, model loading not.
    condition : str
        From the truth's JSON; empty where it says none.
    jaccard : float
        Sum of the Jaccard errors of the true speakers.
    """

    name: str
    duration: float
    speech: float
    errors: dict[str, float]
    num_speakers: int
    num_found: int
    seconds: float
    condition: str = ""
    jaccard: float = 0.0


Result = TypeVar("Result", bound=DiarizationResult)


def diarization_figures(recordings: Sequence[DiarizationResult], interval: bool = True) -> dict[str, Any]:
    """The figures of several recordings together: errors in seconds over seconds of true speech.

    Returns
    -------
    dict
        ``der``, its parts, ``jer`` and ``speaker_count_error`` (mean absolute), each of the three with ``_low`` and
        ``_high`` (95 %, bootstrap over recordings; None for fewer than three), and ``real_time_factor``.
    """
    speech = [max(each.speech, 1e-9) for each in recordings]
    sound = max(sum(each.duration for each in recordings), 1e-9)
    speakers = [max(each.num_speakers, 1e-9) for each in recordings]
    wrong = [sum(each.errors.values()) for each in recordings]
    miscounted = [abs(each.num_found - each.num_speakers) for each in recordings]
    figures: dict[str, Any] = {"num_recordings": len(recordings)}
    figures |= with_interval("der", wrong, speech, interval)
    figures |= {part: sum(each.errors[part] for each in recordings) / sum(speech) for part in PARTS}
    figures |= with_interval("jer", [each.jaccard for each in recordings], speakers, interval)
    figures |= {
        "num_speakers": float(np.mean([each.num_speakers for each in recordings])),
        "num_found": float(np.mean([each.num_found for each in recordings])),
    }
    figures |= with_interval("speaker_count_error", miscounted, [1] * len(recordings), interval)
    return figures | {"real_time_factor": sum(each.seconds for each in recordings) / sound}


def with_interval(name: str, parts: Any, wholes: Any, interval: bool = True) -> dict[str, float | None]:
    """A pooled rate with its 95 % percentile bootstrap interval over recordings, drawn with a fixed seed.

    Parameters
    ----------
    name : str
        Of the figure; the interval's ends are ``name_low`` and ``name_high``.
    parts, wholes : array_like, shape (recordings,) or (recordings, kinds)
        The rate is the sum of parts over the sum of wholes; with several kinds it is the mean of the kinds' rates,
        those without a whole left out.
    interval : bool
        Whether it is wanted. It needs three recordings that have a whole; samples without any count for nothing.

    Returns
    -------
    dict
        The three; None where there is no figure, or no interval.

    Examples
    --------
    >>> with_interval("rate", [1.0, 2.0], [4.0, 8.0])
    {'rate': 0.25, 'rate_low': None, 'rate_high': None}
    """
    over, under = (np.asarray(each, np.float64) for each in (parts, wholes))
    if over.ndim == 1:
        over, under = over[:, None], under[:, None]
    figure = float(_rates(over.sum(axis=0), under.sum(axis=0)))
    low = high = None
    if interval and (under.sum(axis=1) > 0).sum() >= _FEWEST:
        drawn = np.random.default_rng(0).integers(len(over), size=(_RESAMPLES, len(over)))
        rates = _rates(over[drawn].sum(axis=1), under[drawn].sum(axis=1))
        low, high = map(float, np.nanpercentile(rates, (2.5, 97.5)))
    return {name: None if np.isnan(figure) else figure, f"{name}_low": low, f"{name}_high": high}


def _rates(over: Floats, under: Floats) -> Floats:
    """The mean rate of the kinds along the last axis; nan where no kind has a whole."""
    known = under > 0
    rates = np.where(known, over, 0.0) / np.where(known, under, 1.0)
    count = known.sum(axis=-1)
    return np.asarray(np.where(count > 0, rates.sum(axis=-1) / np.maximum(count, 1), np.nan))


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures with four digits after the point."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}


def grouped(recordings: Sequence[Result], by: str) -> list[tuple[Any, list[Result]]]:
    """The recordings by number of speakers or condition, in order of that; those without a condition in no group."""
    keys = sorted({getattr(each, by) for each in recordings} - {""})
    return [(key, [each for each in recordings if getattr(each, by) == key]) for key in keys]


def group_names(recordings: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """The groups that tables show: by number of speakers, by condition, and all."""
    sizes = [(f"{key} speaker{'s' if key > 1 else ''}", own) for key, own in grouped(recordings, "num_speakers")]
    return [*sizes, *grouped(recordings, "condition"), ("all", list(recordings))]


def three(value: float | None) -> str | None:
    """A figure for tables, with three digits after the point."""
    return None if value is None else f"{value:.3f}"


def limits(figures: dict[str, Any], name: str) -> str:
    """The interval of a figure for tables; empty where there is none."""
    low, high = figures[f"{name}_low"], figures[f"{name}_high"]
    return "" if low is None else f"{low:.3f} to {high:.3f}"
