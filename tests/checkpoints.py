"""Makes a pyannote pipeline folder in community-1's format on disk, for tests."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml

CONFIG = {
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "segmentation": "$model/segmentation",
            "segmentation_batch_size": 32,
            "embedding": "$model/embedding",
            "embedding_batch_size": 32,
            "embedding_exclude_overlap": True,
            "plda": "$model/plda",
        },
    },
    "params": {
        "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
        "segmentation": {"min_duration_off": 0.0},
    },
}


def make_community1(
    folder: Path,
    seed: int = 0,
    segmentation: Path | None = None,
    segmentation_step: float | None = None,
    clustering: dict[str, float] | None = None,
) -> Path:
    """A folder in the format of speaker-diarization-community-1: the networks' true shapes, random weights.

    Parameters
    ----------
    folder : Path
        Where to; made if need be.
    seed : int
        Of the weights.
    segmentation : Path, optional
        Folder of ``embedded-segmentation``: its trained weights are taken, so that turns make sense.
    segmentation_step : float, optional
        Share of a chunk of 10 s between one chunk and the next, 0.1 where left out; more is faster.
    clustering : dict of float, optional
        Parameters of the clustering; community-1's where left out.
    """
    from diarization.pyannote_import import prepare_pyannote

    prepare_pyannote()
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        save_checkpoint(_segmentation(segmentation), folder / "segmentation" / "pytorch_model.bin")
        save_checkpoint(_embedding(), folder / "embedding" / "pytorch_model.bin")
    _save_plda(folder / "plda", np.random.default_rng(seed))
    config: dict[str, Any] = yaml.safe_load(yaml.safe_dump(CONFIG))
    if segmentation_step:
        config["pipeline"]["params"]["segmentation_step"] = segmentation_step
    config["params"]["clustering"] |= clustering or {}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


def save_checkpoint(network: Any, path: Path, **more: Any) -> None:
    """Write a network as Lightning does for pyannote: pickled, with objects of pyannote's own in it."""
    import torch

    content = {
        "epoch": 3,
        "global_step": 1000,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": network.state_dict(),
        "hparams_name": "kwargs",
        "hyper_parameters": dict(network.hparams),
        **more,
    }
    network.on_save_checkpoint(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)


def _segmentation(trained: Path | None) -> Any:
    """PyanNet over the powerset of at most two of three speakers, in chunks of 10 s."""
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet

    network = PyanNet(
        sincnet={"stride": 10},
        lstm={"hidden_size": 128, "num_layers": 4, "bidirectional": True, "monolithic": True, "dropout": 0.5},
        linear={"hidden_size": 128, "num_layers": 2},
    )
    network.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    network.setup()
    if trained:
        network.load_state_dict(_over_powerset(trained))
    return network


def _over_powerset(trained: Path) -> dict[str, Any]:
    """The weights of a network with one sigmoid a speaker, for one softmax over sets of speakers.

    The logit of a set is the sum of the logits of its speakers, so that both networks agree on the odds.
    """
    import torch
    from safetensors.torch import load_file

    tensors = load_file(trained / "model.safetensors")
    sets = [each for size in range(3) for each in combinations(range(3), size)]
    members = torch.tensor([[float(speaker in each) for speaker in range(3)] for each in sets])
    classifier = {key: members @ tensors[key] for key in ("classifier.weight", "classifier.bias")}
    return {**tensors, **classifier}


def _embedding() -> Any:
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    network = WeSpeakerResNet34()
    network.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["speaker"]
    )
    return network


def _save_plda(folder: Path, random: np.random.Generator) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lda, _ = np.linalg.qr(random.normal(size=(256, 128)))
    np.savez(folder / "xvec_transform.npz", mean1=random.normal(size=256) / 50, mean2=np.zeros(128), lda=lda)
    transform, _ = np.linalg.qr(random.normal(size=(128, 128)))
    np.savez(folder / "plda.npz", mu=np.zeros(128), tr=transform, psi=np.geomspace(20, 0.1, 128))
