"""Emotion recognisers: what one is, what it gives, and the registry they are found in by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from diarization.diarizers import ModelUse, Progress
from diarization.errors import AudioError
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.registry import Registry

from .schemes import EmotionScheme


class EmotionConfig(BaseModel):
    """What each speaker seems to feel: which recogniser, and which turns it may score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str = Field(
        "auto", description="auto, emotion2vec or embedded; auto takes emotion2vec where its weights are on disk"
    )
    model: str | None = Field(
        None, description="an emotion2vec model's name or a local folder; none means the backend's default"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        "auto",
        description="what emotion2vec computes in; auto takes what `turntone models check` found to agree with float32"
        " on this machine, else float32",
    )
    max_window: float = Field(
        30.0,
        ge=1,
        le=60,
        description="seconds; a longer turn is scored in windows, cut at pauses; without a pause they overlap",
    )
    min_speech: float = Field(0.5, ge=0.1, description="seconds of clean speech; a turn with less is not scored")
    max_overlap: float = Field(
        0.5, ge=0, le=1, description="share of a turn's speech under other voices; above it the turn is not scored"
    )
    min_level: float = Field(-60.0, le=0, description="dBFS; a turn whose speech is quieter is not scored")
    head: str | None = Field(
        None,
        description="own labels: a head of the workspace (turntone train-head) or its folder; none: the recogniser's",
    )
    calibration: str = Field(
        "auto",
        description="auto, none, or the name of a calibration of the workspace (turntone calibrate); auto takes the"
        " newest that fits",
    )
    uncertain_below: float = Field(
        0.4, ge=0, le=1, description="probability; a turn whose likeliest emotion has less is uncertain; 0 turns it off"
    )
    uncertain_margin: float = Field(
        0.1, ge=0, le=1, description="a turn whose two likeliest emotions are closer is uncertain; 0 turns it off"
    )


@dataclass(frozen=True)
class Recognition:
    """What a recogniser says of one stretch of speech.

    Parameters
    ----------
    scores : np.ndarray, shape (labels,)
        Probabilities in scheme order, sum 1.
    embedding : np.ndarray, shape (dimension,)
        The recogniser's vector of the stretch.
    frame_scores : np.ndarray, shape (frames, labels)
        Probabilities over time, each row sums to 1.
    frame_step : float
        Seconds from one row of ``frame_scores`` to the next.
    """

    scores: NDArray[np.float32]
    embedding: NDArray[np.float32]
    frame_scores: NDArray[np.float32]
    frame_step: float


@dataclass(frozen=True)
class Baseline:
    """A participant's own average voice features.

    Parameters
    ----------
    mean, deviation : np.ndarray, shape (features,)
        Of the speaker's features, each stretch weighted by its duration; deviation > 0.
    scope : str
        ``case`` where pooled over the Case, ``session`` where from a single Session ("relative to this session").
    num_turns : int
        Stretches pooled.
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    scope: str
    num_turns: int


@dataclass(frozen=True)
class VoiceFeatures:
    """What a baseline recogniser measures in one stretch, before it is set against the speaker's baseline.

    Parameters
    ----------
    features : np.ndarray, shape (features,)
        Of the whole stretch.
    frames : np.ndarray, shape (frames, features)
        Of short stretches within it.
    frame_step : float
        Seconds from one row of ``frames`` to the next.
    duration : float
        Seconds of speech measured.
    """

    features: NDArray[np.float32]
    frames: NDArray[np.float32]
    frame_step: float
    duration: float


class EmotionRecognizer(Protocol):
    """Scores emotions in stretches of speech. Loads its model on first use and keeps it."""

    name: str

    @property
    def scheme(self) -> EmotionScheme:
        """The legal labels, in the order of the scores."""
        ...

    @property
    def uses(self) -> list[ModelUse]:
        """The models it runs, for provenance and the stage cache."""
        ...

    def recognize(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[Recognition]:
        """Score each waveform, in order, one Recognition a waveform; each at least 0.1 s and at most 60 s long.

        A BaselineRecognizer called so takes the waveforms given as one speaker's session: the baseline is theirs.
        """
        ...


@runtime_checkable
class BaselineRecognizer(Protocol):
    """A recogniser whose scores are relative to the speaker's baseline: it measures once and scores often."""

    def measure(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[VoiceFeatures]:
        """The voice features of each waveform, in order; what costs time, and no baseline changes."""
        ...

    def pool(self, measured: Sequence[VoiceFeatures], scope: str) -> Baseline:
        """The baseline of the speaker who spoke all of these; at least one is needed."""
        ...

    def score(self, measured: Sequence[VoiceFeatures], baseline: Baseline) -> list[Recognition]:
        """One Recognition for each, relative to the baseline."""
        ...


@runtime_checkable
class BatchedRecognizer(Protocol):
    """A recogniser that scores many waveforms at once, as many as the device's memory holds."""

    budget: float | None
    """Seconds of sound at once, which change time and memory, not results; None: found by the recogniser."""


def check_waveforms(waveforms: Sequence[Waveform], least: float) -> None:
    """Make sure that each waveform can be scored; every recogniser calls it first.

    Parameters
    ----------
    waveforms : sequence of np.ndarray, shape (samples,)
        Stretches of speech.
    least : float
        Seconds that the recogniser needs.

    Raises
    ------
    AudioError
        Where one is shorter, or holds nan or inf.
    """
    for index, waveform in enumerate(waveforms, 1):
        seconds = len(waveform) / SAMPLING_RATE
        if seconds < least:
            raise AudioError(
                f"stretch {index} of {len(waveforms)}: {seconds:.3f} s of sound; at least {least:g} s are needed,"
                " leave shorter ones out"
            )
        if not np.isfinite(waveform).all():
            raise AudioError(f"stretch {index} of {len(waveforms)}: holds samples that are no numbers (nan or inf)")


def _emotion2vec(config: EmotionConfig, device: str) -> EmotionRecognizer:
    from .emotion2vec import Emotion2vecRecognizer

    return Emotion2vecRecognizer(config.model, device, config.precision)


def _embedded(config: EmotionConfig, device: str) -> EmotionRecognizer:
    from .embedded_recognizer import EmbeddedRecognizer

    return EmbeddedRecognizer()


_RECOGNIZERS: Registry[[EmotionConfig, str], EmotionRecognizer] = Registry(
    "recogniser", "emotion.backend", {"emotion2vec": _emotion2vec, "embedded": _embedded}
)


def register(name: str, factory: Callable[[EmotionConfig, str], EmotionRecognizer]) -> None:
    """Make one more recogniser known by name; the factory gets the config and the device."""
    _RECOGNIZERS.add(name, factory)


def recognizer_names() -> list[str]:
    """The names that ``make_recognizer`` accepts, beside ``auto``."""
    return _RECOGNIZERS.names()


def make_recognizer(config: EmotionConfig, device: str = "cpu") -> EmotionRecognizer:
    """The recogniser that the config names; nothing is loaded yet.

    Raises
    ------
    ConfigError
        Where no recogniser has that name.
    """
    return _RECOGNIZERS.make(config.backend, config, device)
