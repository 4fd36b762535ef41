"""From what a recogniser says of a turn to what is told: an own head, a calibration, and when nothing is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .calibration import scaled
from .recognizers import EmotionConfig, Recognition
from .schemes import EmotionScheme

if TYPE_CHECKING:
    from .heads import Head
    from .windows import Window

UNCERTAIN = "uncertain"
"""The emotion of a turn whose scores name none clearly enough. Never a label of a scheme."""


@dataclass(frozen=True)
class Verdict:
    """What is told of a turn.

    Parameters
    ----------
    emotion : str
        A label of the scheme, or ``UNCERTAIN``.
    confidence : float
        The top probability.
    reason : str or None
        Why the emotion is uncertain, as a sentence with the numbers; else None.
    """

    emotion: str
    confidence: float
    reason: str | None


@dataclass(frozen=True)
class Readout:
    """How recognitions become scores and verdicts.

    Parameters
    ----------
    scheme : EmotionScheme
        Of the scores that it gives.
    temperature : float
        By which a turn's scores are scaled; 1 where nothing is calibrated.
    uncertain_below, uncertain_margin : float
        A turn whose top probability, or whose top less second one, is smaller is uncertain; 0 turns either off.
    head : Head or None
        An own classifier in place of the recogniser's.
    """

    scheme: EmotionScheme
    temperature: float = 1.0
    uncertain_below: float = 0.0
    uncertain_margin: float = 0.0
    head: Head | None = None

    @staticmethod
    def of(scheme: EmotionScheme, config: EmotionConfig, temperature: float = 1.0, head: Head | None = None) -> Readout:
        """With the bounds of the settings; the scheme is the head's where there is one."""
        own = head.scheme if head else scheme
        return Readout(own, temperature, config.uncertain_below, config.uncertain_margin, head)

    def read(self, recognitions: Sequence[Recognition], windows: Sequence[Window]) -> list[Recognition]:
        """The recognitions of a turn's windows with the head's scores where there is a head, else as they are."""
        if self.head is None:
            return list(recognitions)
        pairs = zip(recognitions, windows, strict=True)
        return [self.head.recognition(each, window.duration) for each, window in pairs]

    def calibrated(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """A turn's scores at the temperature, ``shape (labels,)``."""
        return np.asarray(scores, np.float64) if self.temperature == 1.0 else scaled(scores, self.temperature)

    def verdict(self, scores: NDArray[np.floating]) -> Verdict:
        """What is told of a turn with these calibrated scores.

        Examples
        --------
        >>> readout = Readout(EmotionScheme(("angry", "happy", "sad")), 1.0, 0.4, 0.1)
        >>> readout.verdict(np.array([0.5, 0.3, 0.2])).emotion
        'angry'
        >>> readout.verdict(np.array([0.45, 0.4, 0.15])).reason
        'angry 0.45 and happy 0.40 are closer than 0.1'
        >>> readout.verdict(np.array([0.35, 0.34, 0.31])).reason
        'angry is the likeliest at 0.35; at least 0.4 is needed'
        """
        label, top = self.scheme.top(scores)
        reason = self._too_low(label, top) or self._too_close(scores, label, top)
        return Verdict(UNCERTAIN if reason else label, top, reason)

    def _too_low(self, label: str, top: float) -> str | None:
        if top >= self.uncertain_below:
            return None
        return f"{label} is the likeliest at {_down(top)}; at least {self.uncertain_below:g} is needed"

    def _too_close(self, scores: NDArray[np.floating], label: str, top: float) -> str | None:
        if len(scores) < 2:
            return None
        second = int(np.argsort(-np.asarray(scores), kind="stable")[1])
        if top - float(scores[second]) >= self.uncertain_margin:
            return None
        return (
            f"{label} {top:.2f} and {self.scheme.labels[second]} {float(scores[second]):.2f} are closer than "
            f"{self.uncertain_margin:g}"
        )


def _down(value: float) -> str:
    """Two digits, rounded down, so that a number under a bound is never shown as the bound."""
    return f"{np.floor(value * 100) / 100:.2f}"
