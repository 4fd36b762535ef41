"""What a similarity of voices is worth as evidence, by how much speech it stands on: measured, not assumed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .identity import VoiceEncoder

WEIGHTS = Path(__file__).parent / "weights" / "identity.json"

Array = NDArray[np.floating[Any]]

LONGEST = 60.0
"""Seconds beyond which more speech is taken to tell no more of a voice."""

_WEIGHTS = ("offset", "similarity", "scarcity", "similarity_scarcity")

_RIDGE = 1e-5  # keeps weights finite where the two kinds of pairs do not overlap


@dataclass(frozen=True)
class Calibration:
    """Logistic regression from a similarity and the speech it stands on to evidence.

    Parameters
    ----------
    offset, similarity : float
        Evidence of a similarity of 0, and what each 1 of it adds, with much speech.
    scarcity : float
        What is added where there is less speech: times the scarcity of the shorter voice, 0 with ``LONGEST`` seconds
        or more and 1 with a tenth of it.
    similarity_scarcity : float
        The same, times the similarity, 0 or below: how much less a similarity of short voices counts.
    origin : str
        What it was measured on; empty for the guess that stands in where nothing was measured.
    """

    offset: float
    similarity: float
    scarcity: float = 0.0
    similarity_scarcity: float = 0.0
    origin: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether it stands on measurements; what it makes of a similarity is else a guess."""
        return bool(self.origin)

    def evidence(self, similarity: Any, seconds: Any, enrolled_seconds: Any) -> Any:
        """Natural logarithm of how much likelier a similarity is of one voice than of two; NaN stays NaN.

        Parameters
        ----------
        similarity : float or np.ndarray
            -1 to 1.
        seconds, enrolled_seconds : float or np.ndarray
            Of speech of the voice and of the voiceprint.
        """
        scarce = scarcity(seconds, enrolled_seconds)
        slope = self.similarity + self.similarity_scarcity * scarce
        return self.offset + self.scarcity * scarce + slope * similarity


GUESS = Calibration(offset=-9.0, similarity=15.0)
"""For encoders nobody has measured: neither way at a similarity of 0.6, ten to one at 0.75. Most encoders' different
voices lie far below. It is good for suggestions only: no match counts on the strength of it."""


def scarcity(seconds: Any, enrolled_seconds: Any) -> Any:
    """How little speech the shorter of two voices has: 0 with ``LONGEST`` seconds or more, 1 with a tenth of it.

    >>> float(scarcity(6.0, 40.0)), float(scarcity(100.0, 80.0))
    (1.0, 0.0)
    """
    shorter = np.clip(np.minimum(seconds, enrolled_seconds), 0.1, LONGEST)
    return np.log10(LONGEST / shorter)


def fit_calibration(similarity: Array, scarce: Array, same: NDArray[np.bool_], origin: str) -> Calibration:
    """The calibration under which the pairs are likeliest, pairs of one voice and of two weighing the same in all.

    So that the outcome is evidence and not a probability that hangs on how many pairs of each kind there were. A higher
    similarity never speaks against one voice, and with less speech none counts for more: where data say otherwise, the
    short voices among them were recorded under easier conditions than the long ones.

    Parameters
    ----------
    similarity, scarce : np.ndarray, shape (num_pairs,)
    same : np.ndarray of bool, shape (num_pairs,)
        Whether the two voices are one person's.
    origin : str
        What the pairs are of.

    Raises
    ------
    ValueError
        Where there are no pairs of one of the kinds.
    """
    from scipy.optimize import minimize

    if not same.any() or same.all():
        raise ValueError("pairs of one voice and of two are both needed")
    columns = np.stack([np.ones_like(similarity), similarity, scarce, scarce * similarity], axis=1)
    signs = np.where(same, 1.0, -1.0)
    shares = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    if np.ptp(scarce) < 0.1:  # pairs of about as much speech say nothing of more or less
        columns = columns[:, :2]

    def cost(weights: Array) -> tuple[float, Array]:
        margins = signs * (columns @ weights)
        slope = -shares * signs / (1 + np.exp(np.clip(margins, -700, 700)))
        penalty = _RIDGE * weights[1:] @ weights[1:]
        gradient = slope @ columns + 2 * _RIDGE * np.concatenate([[0.0], weights[1:]])
        return float(shares @ np.logaddexp(0, -margins) + penalty), gradient

    bounds = [(None, None), (0.0, None), (None, None), (None, 0.0)][: columns.shape[1]]
    found = minimize(cost, np.zeros(columns.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = [round(float(weight), 4) for weight in found]
    return Calibration(**dict(zip(_WEIGHTS, weights, strict=False)), origin=origin)


def calibration_for(encoder: VoiceEncoder) -> Calibration:
    """What comes with the program for an encoder; ``GUESS`` where it is for another, or another revision."""
    known, calibration = _shipped()
    return calibration if known == encoder else GUESS


def write_calibration(encoder: VoiceEncoder, calibration: Calibration, path: Path = WEIGHTS) -> None:
    """Write the calibration that comes with the program."""
    facts = {"encoder": asdict(encoder), "calibration": asdict(calibration)}
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


@cache
def _shipped() -> tuple[VoiceEncoder, Calibration]:
    facts = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return VoiceEncoder(**facts["encoder"]), Calibration(**facts["calibration"])
