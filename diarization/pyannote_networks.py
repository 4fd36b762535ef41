"""Builds pyannote's networks from checkpoints without unpickling anything."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import ModelError
from .models.checkpoints import Checkpoint, read_pyannote
from .pyannote_import import prepare_pyannote

_NETWORKS = "pyannote.audio.models."


def load_network(path: Path) -> Any:
    """The network of a pyannote checkpoint (``pytorch_model.bin``), in evaluation mode.

    pyannote itself unpickles such files with everything that is in them; here they are read as plain values, and the
    network, one of pyannote's own, is built from those.

    Raises
    ------
    ModelError
        Where the file names anything that no network needs, or is not the checkpoint of a pyannote network.
    """
    checkpoint = read_pyannote(path)
    prepare_pyannote()
    try:
        network = _empty(checkpoint, path)
        kept = network.load_state_dict(checkpoint.tensors, strict=False)  # a loss function may have weights of its own
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[-1].strip()
        raise ModelError(f"{path}: does not fit {checkpoint.architecture} ({reason}); fetch the model again") from error
    if kept.missing_keys:
        raise ModelError(f"{path}: holds no weights for {kept.missing_keys[0]}; fetch the model again")
    return network.eval()


def _empty(checkpoint: Checkpoint, path: Path) -> Any:
    architecture = _architecture(checkpoint, path)
    known = inspect.signature(architecture.__init__).parameters
    network = architecture(**{key: value for key, value in checkpoint.hparams.items() if key in known})
    network.specifications = _specifications(checkpoint.specifications)
    network.setup()
    return network


def _architecture(checkpoint: Checkpoint, path: Path) -> Any:
    from pyannote.audio import Model

    found = None
    if f"{checkpoint.module}.".startswith(_NETWORKS):
        try:
            found = getattr(import_module(checkpoint.module), checkpoint.architecture, None)
        except ImportError:
            found = None
    if not (isinstance(found, type) and issubclass(found, Model)):
        raise ModelError(
            f"{path}: asks for the network {checkpoint.module}.{checkpoint.architecture}; only pyannote.audio's own"
            " can be used"
        )
    return found


def _specifications(plain: dict[str, Any]) -> Any:
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    known = inspect.signature(Specifications).parameters
    given: dict[str, Any] = {key: tuple(value) if key == "warm_up" else value for key, value in plain.items()}
    given |= {"problem": Problem[plain["problem"]], "resolution": Resolution[plain["resolution"]]}
    return Specifications(**{key: value for key, value in given.items() if key in known})
