"""Diarizers: what one is, and the registry they are found in by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .channel_sound import ChannelSound
from .diarizations import Diarization
from .errors import ConfigError
from .recordings import Waveform
from .registry import Registry

Progress = Callable[[str, float], None]
"""Called with the name of a step and the share of the whole work that is done, 0 to 1."""


class DiarizationConfig(BaseModel):
    """Who spoke when: which diarizer, and how many speakers it may find."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str = Field(
        "auto",
        description="auto, pyannote, embedded, channels or reference (turns from a file); auto takes channels where "
        "each party has one, else pyannote where its weights are on disk",
    )
    model: str | None = Field(
        None, description="a pyannote pipeline's name or a local folder; none means the backend's default"
    )
    reference: str | None = Field(
        None,
        description="reference: a file of turns, or a folder with one called like the recording; none means the "
        "recording's own folder",
    )
    reference_recording: str | None = Field(
        None,
        description="reference: the recording that is meant in a file of turns that speaks of several; none means the "
        "recording's file name",
    )
    num_speakers: int | None = Field(None, ge=1, description="exact number of speakers, where it is known")
    min_speakers: int | None = Field(None, ge=1, description="at least this many speakers")
    max_speakers: int | None = Field(None, ge=1, description="at most this many speakers")

    channels: dict[str, str] = Field(
        default_factory=dict,
        description="who speaks on which channel: left, right or a number from 1, with a role or PARTICIPANT:ROLE",
    )

    @model_validator(mode="after")
    def _range_is_in_order(self) -> DiarizationConfig:
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError(f"min_speakers ({self.min_speakers}) is above max_speakers ({self.max_speakers})")
        return self


@dataclass(frozen=True)
class ModelUse:
    """Provenance of one model: what ran, at which revision, under which licence.

    ``details`` holds what else decides or qualifies the result, JSON values only. ``of_recording`` marks what is no
    model but one recording's own file: it decides the result, and no case is pinned to it.
    """

    name: str
    revision: str
    licence: str = ""
    credit: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    of_recording: bool = False


class Diarizer(Protocol):
    """Finds who speaks when. Loads its models on first use and keeps them."""

    name: str

    @property
    def uses(self) -> list[ModelUse]:
        """The models it runs, for provenance and the stage cache. Does not load them."""
        ...

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Find the speakers of one waveform; silence gives a Diarization without segments.

        Labels are ``SPEAKER_00``, ``SPEAKER_01``, ... in order of first speech, except where a file of turns names
        the speakers.
        """
        ...


@runtime_checkable
class ChannelDiarizer(Protocol):
    """A diarizer that hears each channel of a recording by itself."""

    def diarize_channels(self, sound: ChannelSound, progress: Progress | None = None) -> Diarization:
        """Find who speaks on which channel; ``channel_of`` of what it gives says which is whose."""
        ...


def _pyannote(config: DiarizationConfig, device: str) -> Diarizer:
    from .pyannote_diarizer import PyannoteDiarizer

    return PyannoteDiarizer(config.model, device)


def _embedded(config: DiarizationConfig, device: str) -> Diarizer:
    from .embedded_diarizer import EmbeddedDiarizer

    return EmbeddedDiarizer(device)


def _channels(config: DiarizationConfig, device: str) -> Diarizer:
    from .channels_diarizer import ChannelsDiarizer

    return ChannelsDiarizer(device)


def _reference(config: DiarizationConfig, device: str) -> Diarizer:
    from .reference_diarizer import ReferenceDiarizer

    if config.reference is None or Path(config.reference).is_dir():
        raise ConfigError(
            "diarization.backend: 'reference' needs a recording, beside which the file of its turns lies; here none is "
            "known, so name the file itself as diarization.reference"
        )
    return ReferenceDiarizer(Path(config.reference), config.reference_recording, device)


_DIARIZERS: Registry[[DiarizationConfig, str], Diarizer] = Registry(
    "diarizer",
    "diarization.backend",
    {"pyannote": _pyannote, "embedded": _embedded, "channels": _channels, "reference": _reference},
)


def register(name: str, factory: Callable[[DiarizationConfig, str], Diarizer]) -> None:
    """Make one more diarizer known by name; the factory gets the config and the device (``cpu``, ``cuda``, ``mps``)."""
    _DIARIZERS.add(name, factory)


def diarizer_names() -> list[str]:
    """The names that ``make_diarizer`` accepts, beside ``auto``."""
    return _DIARIZERS.names()


def make_diarizer(config: DiarizationConfig, device: str = "cpu") -> Diarizer:
    """The diarizer that the config names; nothing is loaded yet.

    Raises
    ------
    ConfigError
        Where no diarizer has that name.
    """
    return _DIARIZERS.make(config.backend, config, device)
