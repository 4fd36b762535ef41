"""A speaker's course over a session, smoothed, with a band that says where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..resampling import Floats
from ..turns import LEAST_TURNS, durations_of, scored_turns

if TYPE_CHECKING:
    from pipeline.sessions import Session

BANDWIDTH_SHARE, BANDWIDTH_LIMITS = 1 / 20, (8.0, 120.0)
"""Standard deviation of a trajectory's smoothing kernel: as a share of the recording, and its limits in seconds."""


def trajectory(session: Session, speaker: str, column: str = "valence", points: int = 160) -> pd.DataFrame:
    """One speaker's course over the session: a kernel-weighted mean of the turns with a pointwise 95 % band.

    Each turn counts by its duration and by a Gaussian kernel around its middle (``BANDWIDTH_SHARE``). The band is the
    mean plus and minus 1.96 standard errors, with the spread of the speaker's turns (near that time or overall,
    whichever is larger) over the number of turns near that time: the kernel's mass, or Kish's effective number where
    a few long turns decide, whichever is smaller. It widens where turns are few or far, up to all possible values.

    Returns
    -------
    pd.DataFrame
        ``time`` (seconds), ``mean``, ``low``, ``high``, from the speaker's first scored turn to the last; empty where
        fewer than ``LEAST_TURNS`` are scored.
    """
    own = scored_turns(session, speaker).dropna(subset=[column])
    if len(own) < LEAST_TURNS:
        return pd.DataFrame(columns=["time", "mean", "low", "high"], dtype=float)
    middles = ((own["start"] + own["end"]) / 2).to_numpy()
    time = np.linspace(middles.min(), middles.max(), points)
    bandwidth = bandwidth_of(session.recording.duration)
    mean, error = smoothed(time, middles, own[column].to_numpy(), durations_of(own), bandwidth)
    low, high = bounds_of(column)
    return pd.DataFrame(
        {"time": time, "mean": mean, "low": np.maximum(mean - error, low), "high": np.minimum(mean + error, high)}
    )


def smoothed_scores(session: Session, speaker: str, points: int = 160) -> pd.DataFrame:
    """One speaker's emotion scores over the session, smoothed as a ``trajectory``: ``time`` and a column a label."""
    courses = {label: trajectory(session, speaker, f"score_{label}", points) for label in session.scheme.labels}
    time = next(iter(courses.values()))["time"]
    return pd.DataFrame({"time": time} | {label: course["mean"] for label, course in courses.items()})


def bounds_of(column: str) -> tuple[float, float]:
    """The range a column of turns can have."""
    return (-1.0, 1.0) if column in ("valence", "arousal") else (0.0, 1.0)


def bandwidth_of(duration: float) -> float:
    """Standard deviation of the smoothing kernel, in seconds, for a recording of so many seconds."""
    return float(np.clip(BANDWIDTH_SHARE * duration, *BANDWIDTH_LIMITS))


def smoothed(
    time: Floats, middles: Floats, values: Floats, durations: Floats, bandwidth: float
) -> tuple[Floats, Floats]:
    """Kernel-weighted mean of turns and its 1.96 standard errors at each time, both of shape (times,).

    Parameters
    ----------
    time : np.ndarray, shape (times,)
        Seconds.
    middles, values, durations : np.ndarray, shape (turns,)
        Of at least two turns: seconds to the middle, the quantity, and seconds of talk above 0.
    bandwidth : float
        Standard deviation of the kernel, in seconds.
    """
    exponent = -0.5 * ((time[:, None] - middles) / bandwidth) ** 2
    mass = np.exp(exponent).sum(axis=1)
    # Relative to the nearest turn: hours from any turn, the kernel itself is 0 in double precision.
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True)) * durations
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ values
    local = (weights * (values - mean[:, None]) ** 2).sum(axis=1)
    number = np.maximum(np.minimum(mass, 1 / (weights**2).sum(axis=1)), 1e-12)
    return mean, 1.96 * np.sqrt(np.maximum(local, values.var(ddof=1)) / number)
