"""Whose voice it is: voices of speakers, voiceprints of participants, and what may be compared with what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .speaker_space import unit

Vector = NDArray[np.floating[Any]]

_EMBEDDED = ("embedded-speaker", "embedded-speaker-space")


class IdentityConfig(BaseModel):
    """Whether speakers are matched to the participants of their case by voice, and how sure a match must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="match speakers to the case's participants by voice")
    accept: float = Field(
        0.9, ge=0.5, le=1, description="probability from which a match counts until somebody says otherwise"
    )
    suggest: float = Field(
        0.5, ge=0.5, le=1, description="probability from which a match is shown as a suggestion that does not count"
    )
    stranger: float = Field(
        0.5, ge=0.01, le=0.99, description="how likely a speaker is none of the participants before the voice is heard"
    )
    min_speech: float = Field(
        3.0, ge=0.5, le=600, description="seconds of speech below which a voice is neither matched nor enrolled"
    )

    @model_validator(mode="after")
    def _thresholds_are_in_order(self) -> IdentityConfig:
        if self.suggest > self.accept:
            raise ValueError(f"suggest ({self.suggest:g}) is above accept ({self.accept:g})")
        return self


@dataclass(frozen=True)
class VoiceEncoder:
    """What turned voices into vectors; vectors of different encoders are never compared.

    Parameters
    ----------
    name : str
        Of the models, joined by `` + ``.
    revision : str
        Of each of them, joined in the same way.
    """

    name: str
    revision: str


def encoder_of(uses: Iterable[Sequence[str]]) -> VoiceEncoder | None:
    """The encoder among the (name, revision) pairs of a diarizer's models; None where there are none.

    Of the embedded diarizer the speaker encoder and the space it is compared in; of others, whose parts are not told
    apart, all models.

    Examples
    --------
    >>> encoder_of([("embedded-segmentation", "1"), ("embedded-speaker", "2"), ("embedded-speaker-space", "3")])
    VoiceEncoder(name='embedded-speaker + embedded-speaker-space', revision='2 + 3')
    """
    pairs = [(str(name), str(revision)) for name, revision in uses]
    kept = [pair for pair in pairs if pair[0] in _EMBEDDED] or pairs
    if not kept:
        return None
    return VoiceEncoder(*(" + ".join(words) for words in zip(*kept, strict=True)))


@dataclass(frozen=True, eq=False)
class Voice:
    """How somebody sounds in one recording.

    Parameters
    ----------
    vector : np.ndarray, shape (dimension,)
        The encoder's; NaN or zeros where the voice could not be told.
    seconds : float
        Of speech that it stands on.
    """

    vector: Vector
    seconds: float

    @property
    def is_known(self) -> bool:
        """Whether there is a voice to compare."""
        return bool(len(self.vector) and np.isfinite(self.vector).all() and self.vector.any() and self.seconds > 0)


@dataclass(frozen=True, eq=False)
class Voiceprint:
    """How a participant sounds, over all recordings in which a person said that it is them.

    Parameters
    ----------
    vector : np.ndarray, shape (dimension,)
        At unit length.
    seconds : float
        Of speech, over all recordings.
    recordings : int
        How many voices it is the mean of, 1 or more.
    """

    vector: Vector
    seconds: float
    recordings: int


def voiceprint_of(voices: Iterable[Voice]) -> Voiceprint | None:
    """The mean of the voices at unit length, weighted by their seconds; None where none of them is known.

    Examples
    --------
    >>> print_ = voiceprint_of([Voice(np.array([3.0, 0.0]), 30), Voice(np.array([0.0, 1.0]), 40)])
    >>> print_.vector.tolist(), print_.seconds, print_.recordings
    ([0.6, 0.8], 70, 2)
    """
    known = [voice for voice in voices if voice.is_known]
    if not known:
        return None
    seconds = np.array([voice.seconds for voice in known])
    mean = (unit(np.stack([voice.vector for voice in known]).astype(np.float64)) * seconds[:, None]).sum(axis=0)
    return Voiceprint(unit(mean), seconds.sum().item(), len(known))


def similarity(voice: Voice, voiceprint: Voiceprint) -> float:
    """Cosine of a voice with a voiceprint, -1 to 1; NaN where the voice is not known or of another dimension."""
    if not voice.is_known or len(voice.vector) != len(voiceprint.vector):
        return float("nan")
    return float(np.clip(unit(voice.vector.astype(np.float64)) @ voiceprint.vector, -1, 1))
