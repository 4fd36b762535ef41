"""Heads: a user's own labels, told by a linear classifier from a recogniser's embeddings; kept without pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.errors import ModelError
from diarization.files import write_whole

from .recognizers import Recognition
from .schemes import EmotionScheme

WEIGHTS, FACTS = "head.safetensors", "head.json"
"""The two files of a head's folder."""


@dataclass(frozen=True)
class Head:
    """Multinomial logistic regression on standardised embeddings.

    Parameters
    ----------
    name : str
        What the user calls it.
    scheme : EmotionScheme
        The user's labels, with norms where there are any.
    uses : tuple of (str, str)
        Names and revisions of the models whose embeddings it reads.
    mean, scale : np.ndarray, shape (dimension,)
        Of the training embeddings; scale > 0.
    weights : np.ndarray, shape (labels, dimension)
        Of the standardised embedding.
    bias : np.ndarray, shape (labels,)
        The logits of the mean embedding.
    temperature : float
        What the logits are divided by.
    facts : dict
        How it was trained and how good it is, JSON values.
    """

    name: str
    scheme: EmotionScheme
    uses: tuple[tuple[str, str], ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    temperature: float = 1.0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """16 hexadecimal digits that stand for all that decides its scores."""
        parts = [self.mean, self.scale, self.weights, self.bias, np.array([self.temperature])]
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(part, "<f8").tobytes() for part in parts))
        digest.update(json.dumps([self.scheme.labels, self.scheme.norms, self.uses]).encode())
        return digest.hexdigest()[:16]

    @property
    def use(self) -> list[str]:
        """What it is called among the models of an analysis, and its revision."""
        return [f"head {self.name}", self.revision]

    def probabilities(self, embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores of embeddings given as (stretches, dimension), ``shape (stretches, labels)``; each row sums to 1."""
        inputs = (np.asarray(embeddings, np.float64) - self.mean) / self.scale
        logits = (inputs @ self.weights.T + self.bias) / self.temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)

    def recognition(self, recognition: Recognition, duration: float) -> Recognition:
        """A window's recognition with this head's scores; its frame scores are one row, of the whole window.

        Parameters
        ----------
        recognition : Recognition
            The recogniser's own, with an embedding of the head's dimension.
        duration : float
            Seconds that the window hears.
        """
        scores = self.probabilities(recognition.embedding[None])[0].astype(np.float32)
        return Recognition(scores, recognition.embedding, scores[None], duration)

    def check_fits(self, uses: Sequence[Sequence[str]]) -> None:
        """Nothing, where these models at these revisions are those whose embeddings it was trained on.

        Raises
        ------
        ModelError
            Where they are not.
        """
        found = tuple((name, revision) for name, revision in uses)
        if found != self.uses:
            raise ModelError(
                f"emotion.head: '{self.name}' was trained on embeddings of {_named(self.uses)}, and here they would "
                f"come from {_named(found)}; choose that recogniser, or train the head again with turntone train-head"
            )


def save_head(head: Head, folder: Path) -> None:
    """Write a head into a folder that ``load_head`` reads; the facts come last, and without them there is no head.

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    from safetensors.numpy import save

    tensors = {"mean": head.mean, "scale": head.scale, "weights": head.weights, "bias": head.bias}
    folder.mkdir(parents=True, exist_ok=True)
    known = {
        "name": head.name,
        "labels": list(head.scheme.labels),
        "norms": None if head.scheme.norms is None else [norm and list(norm) for norm in head.scheme.norms],
        "uses": [list(each) for each in head.uses],
        "temperature": head.temperature,
        "facts": head.facts,
    }
    write_whole(folder / WEIGHTS, save({key: np.ascontiguousarray(each, np.float64) for key, each in tensors.items()}))
    write_whole(folder / FACTS, (json.dumps(known, indent=1, ensure_ascii=False) + "\n").encode())


def load_head(folder: Path) -> Head:
    """The head in a folder.

    Raises
    ------
    ModelError
        Where a file is missing or broken.
    """
    from safetensors.numpy import load_file

    try:
        known = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS)
        head = _head(known, tensors)
        _check_shapes(head)
    except Exception as error:  # OSError, ValueError, KeyError, or safetensors' own, which derives from none of them
        raise ModelError(
            f"{folder}: no whole head ({error}); train it again with turntone train-head, or remove the folder"
        ) from None
    return head


def _head(known: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Head:
    norms = known["norms"]
    scheme = EmotionScheme(
        tuple(map(str, known["labels"])),
        None if norms is None else tuple(None if each is None else (float(each[0]), float(each[1])) for each in norms),
    )
    return Head(
        str(known["name"]),
        scheme,
        tuple((str(name), str(revision)) for name, revision in known["uses"]),
        tensors["mean"],
        tensors["scale"],
        tensors["weights"],
        tensors["bias"],
        float(known["temperature"]),
        dict(known["facts"]),
    )


def _check_shapes(head: Head) -> None:
    labels, dimension = len(head.scheme.labels), len(head.mean)
    shapes = head.scale.shape, head.weights.shape, head.bias.shape
    if shapes != ((dimension,), (labels, dimension), (labels,)):
        raise ValueError(f"arrays of the shapes {shapes} for {labels} labels")
    arrays = (head.mean, head.scale, head.weights, head.bias)
    if not all(np.isfinite(each).all() for each in arrays) or head.scale.min() <= 0 or head.temperature <= 0:
        raise ValueError("weights that are no numbers")


def _named(uses: Sequence[Sequence[str]]) -> str:
    return " and ".join(f"{name} {revision[:12]}" for name, revision in uses)
