"""The models of an analysis: which ones ``auto`` means here, on which device, kept loaded between recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Any

from diarization.diarizers import DiarizationConfig, Diarizer, ModelUse, make_diarizer
from diarization.errors import ConfigError, ModelError
from diarization.model_files import find_model
from diarization.reference_diarizer import find_reference
from emotion.calibration import Calibration
from emotion.heads import Head
from emotion.readout import Readout
from emotion.recognizers import BatchedRecognizer, EmotionRecognizer, make_recognizer

from .config import Config, Runtime
from .own_models import OwnModels

MODELS_IN_USE = RLock()
"""Held while a model runs: those of one process run one at a time, each with all the processor's cores."""

_REFERENCE = {
    "diarization": ("pyannote", "pyannote-community-1"),
    "emotion": ("emotion2vec", "emotion2vec-plus-large"),
}
_KINDS = {"diarizer": "diarization", "recognizer": "emotion"}
_RESIDENT: dict[tuple[Any, ...], Any] = {}
_RESIDENT_LOCK = Lock()


class Engines:
    """The diarizer and the recogniser that a config means here; nothing is loaded until it is used.

    Parameters
    ----------
    config : Config
        Where a backend is ``auto``, the case's decides, else what is on disk.
    runtime : Runtime, optional
        The device.
    pinned : mapping, optional
        ``identity`` of the models that the case is pinned to.
    case : str, optional
        The case's name, for sentences.
    recording : Path, optional
        The audio file, beside which the ``reference`` diarizer looks for turns.
    own : OwnModels, optional
        The workspace's heads and calibrations.

    Raises
    ------
    ConfigError
        Where a backend's name is unknown.
    FormatError
        Where the ``reference`` diarizer finds no file of the recording's turns.
    """

    def __init__(
        self,
        config: Config,
        runtime: Runtime | None = None,
        pinned: Mapping[str, Any] | None = None,
        case: str | None = None,
        recording: Path | None = None,
        own: OwnModels | None = None,
    ) -> None:
        self._runtime = runtime or Runtime()
        self._own = own or OwnModels(Path("no workspace"))
        self._pinned, self._case = pinned or {}, case
        self._follows_case = False
        self._notes: list[str] = []
        self._base: dict[str, Any] | None = None
        self.may_hear_channels = config.diarization.backend == "auto" and config.diarization.model is None
        sections = {
            "diarization": _with_reference(self._resolved(config.diarization, "diarizer"), recording),
            "emotion": self._resolved(config.emotion, "recognizer"),
        }
        self.config = config.model_copy(update=sections)

    def choices(self) -> tuple[str, ...]:
        """Which backends ``auto`` came to mean, and why, a sentence each; none where the config named them."""
        return tuple(self._notes)

    def by_channel(self, reason: str) -> Engines:
        """The same with the diarizer that tells parties by their channels; a case is pinned as without it.

        Raises
        ------
        ModelError
            Where that diarizer's model is not on disk.
        """
        heard = self.config.diarization.model_copy(update={"backend": "channels"})
        config = self.config.model_copy(update={"diarization": heard})
        found = copy(self)
        found.__dict__["models"] = models_of(config, self._scoring_device)
        found._base, found.config, found._notes = self.identity, config, [*self._notes[1:], reason]
        return found

    def calibration_choice(self) -> tuple[str, ...]:
        """Which calibration ``auto`` came to mean, or why an older one is not taken, as one sentence or none."""
        said = self._calibration[1]
        return (said,) if said else ()

    @cached_property
    def device(self) -> str:
        """Where the models run, as ``resolve_device`` says."""
        return resolve_device(self._runtime.device)

    @property
    def _scoring_device(self) -> str:
        """Where the recogniser runs; found only for the one whose precision depends on it, as it takes a second."""
        return self.device if self.config.emotion.backend == "emotion2vec" else "cpu"

    @property
    def diarizer(self) -> Diarizer:
        """The diarizer, the same one for every recording; but each file of turns has its own."""
        if self.config.diarization.backend == "reference":
            return self._reference
        uses = tuple(map(_identity, self.models["diarizer"]))
        key = ("diarizer", self.config.diarization.backend, self.config.diarization.model, self.device, uses)
        diarizer: Diarizer = _resident(key, lambda: make_diarizer(self.config.diarization, self.device))
        return diarizer

    @cached_property
    def _reference(self) -> Diarizer:
        return make_diarizer(self.config.diarization, self.device)

    @property
    def recognizer(self) -> EmotionRecognizer:
        """The recogniser, the same one for every recording."""
        emotion = self.config.emotion
        key = _recognizer_key(emotion.backend, emotion.model, self.device, self.models["recognizer"])
        recognizer: EmotionRecognizer = _resident(key, lambda: make_recognizer(emotion, self.device))
        if isinstance(recognizer, BatchedRecognizer):
            recognizer.budget = self._runtime.seconds_at_once
        return recognizer

    @cached_property
    def models(self) -> dict[str, list[ModelUse]]:
        """The models behind ``diarizer`` and ``recognizer``, without loading them.

        Raises
        ------
        ModelError
            Where their files are not on disk.
        """
        try:
            return models_of(self.config, self._scoring_device)
        except ModelError as error:
            if not self._follows_case:
                raise
            raise ModelError(
                f"the case '{self._case}' was begun with {_backends(self._pinned)}: {error}; or choose others with "
                "--set diarization.backend=embedded --set emotion.backend=embedded (its sessions are then not compared)"
            ) from error

    @cached_property
    def head(self) -> Head | None:
        """The own head that the config names; None where it names none.

        Raises
        ------
        ConfigError, ModelError
            Where there is no such head, or it was trained on embeddings of another recogniser.
        """
        if self.config.emotion.head is None:
            return None
        head = self._own.head(self.config.emotion.head)
        head.check_fits([_identity(use) for use in self.models["recognizer"]])
        return head

    @cached_property
    def _calibration(self) -> tuple[Calibration | None, str | None]:
        labels = self.head.scheme.labels if self.head else self.recognizer.scheme.labels
        return self._own.calibration_for(self.config.emotion.calibration, self._scored_by, labels)

    @property
    def calibration(self) -> Calibration | None:
        """The calibration for these models and labels; None where there is none or it is turned off.

        Raises
        ------
        ConfigError
            Where the one that the config names does not exist or is for others.
        """
        return self._calibration[0]

    @cached_property
    def readout(self) -> Readout:
        """How what the recogniser says becomes scores and verdicts."""
        scheme = self.head.scheme if self.head else self.recognizer.scheme
        temperature = self.calibration.temperature if self.calibration else 1.0
        return Readout.of(scheme, self.config.emotion, temperature, self.head)

    @property
    def readout_key(self) -> list[Any]:
        """What the scores depend on beside recogniser and settings, as JSON values."""
        return [self.head.use if self.head else None, self.calibration.temperature if self.calibration else None]

    @property
    def _scored_by(self) -> list[tuple[str, str]]:
        head = [(self.head.use[0], self.head.use[1])] if self.head else []
        return [*map(_identity, self.models["recognizer"]), *head]

    @property
    def identity(self) -> dict[str, Any]:
        """What a case is pinned to: backends, and the names and revisions of their models, as JSON values."""
        if self._base is not None:
            return self._base
        found = self._backend_identity
        if self.head:
            found["recognizer"] |= {"head": self.config.emotion.head}
            found["recognizer"]["uses"] += [self.head.use]
        return found

    @property
    def _backend_identity(self) -> dict[str, Any]:
        sections: dict[str, Any] = {"diarizer": self.config.diarization, "recognizer": self.config.emotion}
        return {
            kind: {
                "backend": section.backend,
                "model": section.model,
                "uses": [[use.name, use.revision] for use in self.models[kind] if not use.of_recording],
            }
            for kind, section in sections.items()
        }

    def provenance(self) -> dict[str, Any]:
        """The models with licence and credit, the head's scheme and the calibration, as JSON values."""
        known: dict[str, Any] = {
            kind: {
                "name": getattr(self.config, _KINDS[kind]).backend,
                "models": [asdict(use) for use in self.models[kind]],
            }
            for kind in _KINDS
        }
        if self.head:
            known["recognizer"]["models"].append(asdict(_head_use(self.head)))
            known["scheme"] = {"head": self.head.name, "norms": self.head.scheme.norms}
        return known | {"calibration": self.calibration.brief() if self.calibration else None}

    def _as_pinned(self, section: Any, pinned: Mapping[str, Any]) -> dict[str, Any]:
        """What a section takes over from the case: backend and model, and the head where none is named."""
        taken = {"backend": pinned["backend"], "model": pinned["model"]}
        if "head" not in pinned or section.head is not None:
            return taken
        self._notes.append(
            f"labels: those of the head '{pinned['head']}', as the case '{self._case}' was begun with it"
        )
        return taken | {"head": pinned["head"]}

    def _resolved(self, section: Any, kind: str) -> Any:
        if section.backend != "auto":
            return section
        pinned = self._pinned.get(kind)
        if pinned and section.model is None:
            self._follows_case = True
            self._notes.append(f"{_KINDS[kind]}: {pinned['backend']}, as the case '{self._case}' was begun with it")
            return section.model_copy(update=self._as_pinned(section, pinned))
        backend, reason = _automatic(_KINDS[kind], section.model)
        self._notes.append(f"{_KINDS[kind]}: {backend}, {reason}")
        return section.model_copy(update={"backend": backend})


def _with_reference(config: DiarizationConfig, recording: Path | None) -> DiarizationConfig:
    """The config with the file of this recording's turns, where the diarizer reads them from one."""
    if config.backend != "reference" or recording is None:
        return config
    file = find_reference(recording, config.reference)
    name = config.reference_recording or recording.stem
    return config.model_copy(update={"reference": str(file), "reference_recording": name})


def models_of(config: Config, device: str = "cpu") -> dict[str, list[ModelUse]]:
    """The models of a config without ``auto``, for provenance and cache keys; none of them is loaded.

    The device decides the precision that ``emotion.precision`` ``auto`` means.

    Raises
    ------
    ModelError
        Where their files are not on disk.
    """
    return {
        "diarizer": make_diarizer(config.diarization).uses,
        "recognizer": make_recognizer(config.emotion, device).uses,
    }


def recognizer_of(identity: Mapping[str, Any], device: str = "cpu") -> EmotionRecognizer | None:
    """The recogniser that an ``Engines.identity`` speaks of; None where its models are not here at that revision."""
    from emotion.recognizers import EmotionConfig

    pinned = identity["recognizer"]
    try:
        recognizer = make_recognizer(EmotionConfig(backend=pinned["backend"], model=pinned["model"]), device)
        uses = [[use.name, use.revision] for use in recognizer.uses]
        uses += pinned["uses"][-1:] if "head" in pinned else []  # whoever scores asks for the head itself
    except (ConfigError, ModelError):
        return None
    key = _recognizer_key(pinned["backend"], pinned["model"], device, recognizer.uses)
    return _resident(key, lambda: recognizer) if uses == pinned["uses"] else None


def resolve_device(wanted: str = "auto") -> str:
    """The device asked for; for ``auto`` ``cuda``, else ``mps``, else ``cpu``, whichever is here first.

    Raises
    ------
    ConfigError
        Where the one asked for is not here.
    """
    if wanted == "cpu":
        return "cpu"
    import torch

    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.insert(0, "mps")
    if torch.cuda.is_available():
        found.insert(0, "cuda")
    if wanted == "auto":
        return found[0]
    if wanted not in found:
        raise ConfigError(f"runtime.device: '{wanted}' is not here; this machine has {', '.join(found)}, or say auto")
    return wanted


def _automatic(section: str, model: str | None) -> tuple[str, str]:
    backend, name = _REFERENCE[section]
    if model is not None:
        return backend, f"as {section}.model names one of its models"
    if find_model(name) is not None:
        return backend, f"as {name} is on disk"
    return "embedded", f"the smaller one, as {name} is not on disk (turntone models fetch {name} brings it)"


def _resident(key: tuple[Any, ...], make: Any) -> Any:
    with _RESIDENT_LOCK:
        if key not in _RESIDENT:
            _RESIDENT[key] = make()
        return _RESIDENT[key]


def _recognizer_key(backend: str, model: str | None, device: str, uses: Sequence[ModelUse]) -> tuple[Any, ...]:
    """What a resident recogniser is known by: beside the model, the precision that it computes in."""
    return "recognizer", backend, model, device, tuple((*_identity(use), use.details.get("precision")) for use in uses)


def _head_use(head: Head) -> ModelUse:
    name, revision = head.use
    return ModelUse(name, revision, "the user's own", "trained in this workspace", {"labels": list(head.scheme.labels)})


def _identity(use: ModelUse) -> tuple[str, str]:
    return use.name, use.revision


def _backends(identity: Mapping[str, Any]) -> str:
    return " and ".join(f"{identity[kind]['backend']} ({section})" for kind, section in _KINDS.items())
