"""The embedded segmentation network: who of up to three local speakers speaks in each frame of a chunk of 5 s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import ModelError


def load_segmentation(folder: Path) -> Any:
    """pyannote's PyanNet with the weights of a model folder, ready for inference.

    Parameters
    ----------
    folder : Path
        Holds ``config.json`` (architecture, hparams, specifications) and ``model.safetensors`` (tensors under their
        names in the network). Nothing is unpickled.

    Returns
    -------
    pyannote.audio.models.segmentation.PyanNet

    Raises
    ------
    ModelError
        Where the folder holds another architecture, or tensors that do not fit it.
    """
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.segmentation import PyanNet
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text())
    if config["architecture"] != "PyanNet":
        raise ModelError(f"{folder}: architecture is '{config['architecture']}', only 'PyanNet' can be read here")
    network: Any = PyanNet(**config["hparams"])
    network.specifications = Specifications(
        problem=Problem.MULTI_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=config["specifications"]["duration"],
        classes=config["specifications"]["classes"],
        permutation_invariant=True,
    )
    network.build()
    load_weights(network, load_file(folder / "model.safetensors"), folder)
    return network.eval()


def load_weights(network: Any, tensors: dict[str, Any], folder: Path) -> None:
    """Put tensors into a network of the same shape.

    Raises
    ------
    ModelError
        Where a tensor is missing, superfluous or of another shape.
    """
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        problem = str(error).splitlines()[-1].strip()
        raise ModelError(f"{folder.name}: {problem}; run `turntone models fetch {folder.name} --force`") from error
