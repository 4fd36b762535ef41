"""The emotion2vec recogniser: emotion2vec+ models by name or from a folder, on the exact batched engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from diarization.diarizers import ModelUse, Progress
from diarization.errors import ModelError
from diarization.model_files import CATALOG, entry_of, require_model, revision_of, revision_of_folder
from diarization.recordings import SAMPLING_RATE, Waveform

from .emotion2vec_checkpoint import Checkpoint, read_checkpoint
from .precision_checks import enabled
from .precisions import PrecisionName
from .recognizers import Recognition, check_waveforms
from .schemes import CANONICAL, EmotionScheme

if TYPE_CHECKING:
    from .emotion2vec_engine import ClipOutput, Emotion2vecEngine

DEFAULT_MODEL = "emotion2vec-plus-large"


class Emotion2vecRecognizer:
    """Scores emotions with an emotion2vec+ model; an EmotionRecognizer and a BatchedRecognizer.

    Parameters
    ----------
    model : str, optional
        A model's name (``emotion2vec-plus-large``, also as the hubs write it: ``iic/emotion2vec_plus_large``) or the
        folder of a checkpoint; the large one where left out.
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    precision : str
        ``float32``, ``bfloat16``, ``float16``, ``int8``, or ``auto``: what ``turntone models check`` has enabled for
        these files on this machine, else float32.
    """

    name = "emotion2vec"

    def __init__(
        self, model: str | None = None, device: str = "cpu", precision: PrecisionName | Literal["auto"] = "auto"
    ) -> None:
        self._model = model or DEFAULT_MODEL
        self._device = device
        self._precision = precision
        self.budget: float | None = None
        self._engine: Emotion2vecEngine | None = None
        self._lock = Lock()

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """What the checkpoint says of its model. Reads its settings and labels, not its weights.

        Raises
        ------
        ModelError
            Where the model is not on this machine or its files are not what they should be.
        """
        folder = local_folder(self._model)
        return read_checkpoint(folder or require_model(catalog_name(self._model)))

    @cached_property
    def precision(self) -> PrecisionName:
        """What it computes in. Reads no weights."""
        return enabled(self.checkpoint.folder, self._device) if self._precision == "auto" else self._precision

    @property
    def scheme(self) -> EmotionScheme:
        """The labels that the checkpoint names and does not mark as unused, in its order."""
        return self.checkpoint.scheme

    @property
    def uses(self) -> list[ModelUse]:
        """The one model, with its sizes and labels. Does not load it."""
        details = _details(self.checkpoint, self.precision)
        if local_folder(self._model):
            folder = self.checkpoint.folder
            return [ModelUse(f"{folder.resolve().name} (local folder)", revision_of_folder(folder), details=details)]
        entry = entry_of(catalog_name(self._model))
        return [ModelUse(entry.name, revision_of(entry.name), entry.licence, entry.credit, details)]

    def recognize(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[Recognition]:
        """Score each waveform, in order, one Recognition a waveform, 50 frames a second.

        Raises
        ------
        AudioError
            Where a waveform is too short for a single frame (25 ms), or holds values that are no numbers.
        ModelError
            Where the model cannot be loaded.
        """
        check_waveforms(waveforms, self.checkpoint.min_samples / SAMPLING_RATE)
        report = (lambda share: progress("recognize", share)) if progress else None
        with self._lock:
            outputs = self._run(waveforms, report) if waveforms else []
        return [self._recognition(output) for output in outputs]

    def _run(self, waveforms: Sequence[Waveform], report: Callable[[float], None] | None) -> list[ClipOutput]:
        engine = self._loaded()
        engine.budget = self.budget
        return engine.run(waveforms, report)

    def _loaded(self) -> Emotion2vecEngine:
        if self._engine is None:
            from .emotion2vec_engine import Emotion2vecEngine

            engine = Emotion2vecEngine(self.checkpoint, self._device, precision=self.precision)
            engine.warm_up()
            self._engine = engine
        return self._engine

    def _recognition(self, output: ClipOutput) -> Recognition:
        used = list(self.checkpoint.used)
        return Recognition(
            scores=softmax(output.logits[used]),
            embedding=output.embedding,
            frame_scores=softmax(output.frame_logits[:, used]),
            frame_step=self.checkpoint.samples_per_frame / SAMPLING_RATE,
        )


def local_folder(model: str) -> Path | None:
    """The folder that a model's text means; None where it is a name.

    Raises
    ------
    ModelError
        Where it is written as a path, but no folder is there.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or model.startswith((".", "~")):
        raise ModelError(
            f"emotion.model: there is no folder {path}; a checkpoint's folder or one of {_names()} is needed"
        )
    return None


def catalog_name(model: str) -> str:
    """The catalog's name of an emotion2vec model, from that or from what the hubs call it.

    >>> catalog_name("iic/emotion2vec_plus_large")
    'emotion2vec-plus-large'

    Raises
    ------
    ModelError
        Where there is no such model.
    """
    name = model.rsplit("/", 1)[-1].lower().replace("_", "-")
    if name not in CATALOG or CATALOG[name].kind != "emotion":
        raise ModelError(f"emotion.model: '{model}' is neither a folder nor one of {_names()}")
    return name


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, of the same shape."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def _details(checkpoint: Checkpoint, precision: str) -> dict[str, Any]:
    settings = checkpoint.settings
    details: dict[str, Any] = {
        "labels": list(checkpoint.scheme.labels),
        "blocks": f"{settings.modalities.audio.prenet_depth} + {settings.depth}",
        "dimension": settings.embed_dim,
        "precision": precision,
    }
    if missing := [label for label in CANONICAL if label not in checkpoint.scheme.labels]:
        details["note"] = (
            f"this revision tells {len(checkpoint.scheme.labels)} classes apart, not the {len(CANONICAL)} of current"
            f" emotion2vec+ models: it never says {', '.join(missing)}, and its scores do not compare with theirs"
        )
    return details


def _names() -> str:
    return ", ".join(name for name, entry in CATALOG.items() if entry.kind == "emotion")
