"""The space in which voices are compared: voice embeddings with what emotion does to a voice turned down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights" / "speaker_space.safetensors"

SPACE_CREDIT = "learnt by this project from EmoDB (Burkhardt et al. 2005) as GE2E hears it"

Vectors = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class SpeakerSpace:
    """Within-class covariance normalisation (Hatch et al. 2006): directions in which one voice varies count less.

    Parameters
    ----------
    centre : np.ndarray, shape (dimension,)
        Mean voice.
    transform : np.ndarray, shape (dimension, dimension)
        Turns differences from the centre into the space, ``difference @ transform``.
    """

    centre: Vectors
    transform: Vectors

    def project(self, embeddings: Vectors) -> Vectors:
        """Unit vectors in the space, shape as the embeddings, which are (..., dimension); NaN stays NaN."""
        return unit((unit(embeddings) - self.centre) @ self.transform)

    def moved(self, embeddings: Vectors, weights: Vectors, share: float) -> SpeakerSpace:
        """The space with its centre moved towards the embeddings' own mean by a share, 0 to 1.

        The more of it, the further apart lie the speakers of one session, and the parts of a lone speaker as well.
        Vectors can be compared between sessions only where nothing was moved.
        """
        own = np.average(unit(embeddings), axis=0, weights=weights) if len(embeddings) else self.centre
        return SpeakerSpace((1 - share) * self.centre + share * own, self.transform)


def unit(vectors: Vectors) -> Vectors:
    """The vectors at unit length; zeros stay zeros."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def learn_speaker_space(embeddings: Vectors, speakers: NDArray[Any], shrinkage: float = 1.0) -> SpeakerSpace:
    """The space from utterances of known speakers, in which each speaks in several emotions.

    Parameters
    ----------
    embeddings : np.ndarray, shape (num_utterances, dimension)
    speakers : np.ndarray, shape (num_utterances,)
    shrinkage : float
        Variance added in every direction, relative to the mean variance within speakers: with few speakers the
        directions that hardly varied would otherwise count without bound.
    """
    vectors = unit(embeddings)
    means = {speaker: vectors[speakers == speaker].mean(0) for speaker in np.unique(speakers)}
    residuals = vectors - np.stack([means[speaker] for speaker in speakers])
    within = residuals.T @ residuals / len(residuals)
    within += shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    return SpeakerSpace(np.mean(list(means.values()), axis=0), np.linalg.cholesky(np.linalg.inv(within)))


def write_speaker_space(space: SpeakerSpace, path: Path = WEIGHTS) -> None:
    """Write the space as safetensors."""
    from safetensors.numpy import save_file

    tensors = {"centre": space.centre.astype(np.float32), "transform": space.transform.astype(np.float32)}
    save_file(tensors, path, metadata={"credit": SPACE_CREDIT})


@cache
def hash_of_speaker_space(path: Path = WEIGHTS) -> str:
    """Twelve hexadecimal digits that change whenever the space does."""
    return sha256(path.read_bytes()).hexdigest()[:12]


@cache
def read_speaker_space(path: Path = WEIGHTS) -> SpeakerSpace:
    """The space that comes with the package, learnt from EmoDB by ``scripts/train_speaker_space.py``."""
    from safetensors.numpy import load_file

    tensors = load_file(path)
    return SpeakerSpace(tensors["centre"].astype(np.float64), tensors["transform"].astype(np.float64))
