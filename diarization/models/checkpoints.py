"""Reads checkpoints that other programs pickled without executing anything that is in them.

PyTorch's own restricted reader builds tensors and plain containers only. pyannote's checkpoints hold a few objects
more; each of their classes is replaced by an inert stand-in while the file is read, so that no code of theirs, and
none that a forged file names, ever runs. A file that names anything but those few is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from threading import Lock
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from ..errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

_HARMLESS = re.compile(
    r"(pyannote\.audio|pyannote\.core|pytorch_lightning|lightning|lightning_fabric|torchmetrics|torch|omegaconf|numpy)\..+"
    r"|collections\.(defaultdict|deque)|typing\.\w+|argparse\.Namespace|pathlib\.\w*Path"
    r"|builtins\.(int|float|str|bool|bytes|complex|dict|list|tuple|set|frozenset|object|slice|range|getattr)"
)
"""What a pyannote or Lightning checkpoint may name. It is never looked up, only replaced by a stand-in."""

_PROBLEMS = (
    "BINARY_CLASSIFICATION",
    "MONO_LABEL_CLASSIFICATION",
    "MULTI_LABEL_CLASSIFICATION",
    "REPRESENTATION",
    "REGRESSION",
)
_RESOLUTIONS = {1: "FRAME", 2: "CHUNK"}
_reading = Lock()


@dataclass(frozen=True)
class Checkpoint:
    """A network as plain values: all that is needed to build it again.

    Parameters
    ----------
    module, architecture : str
        Where the network's class lives, and its name.
    hparams : dict
        Arguments of the class, JSON values only.
    specifications : dict
        What the network is trained for (pyannote's ``Specifications``), JSON values only, enumerations by name.
    tensors : dict of str to torch.Tensor
        Its ``state_dict``.
    """

    module: str
    architecture: str
    hparams: dict[str, Any]
    specifications: dict[str, Any]
    tensors: dict[str, Tensor]


class _StandIn:
    """Takes the place of an object in a checkpoint: keeps what it was made from, and does nothing."""

    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any) -> Any:
        stand_in = super().__new__(cls)
        stand_in.args, stand_in.state = args, {}
        return stand_in

    def __init__(self, *args: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _PlainDict:
    """Takes the place of ``collections.defaultdict``: gives a plain dict."""

    def __new__(cls, *args: Any) -> Any:
        return {}


def read_tensors(path: Path) -> Any:
    """The content of a checkpoint that holds tensors and plain containers only.

    Raises
    ------
    ModelError
        Where it holds anything else, or cannot be read.
    """
    return _load(path, [])


def read_pyannote(path: Path) -> Checkpoint:
    """The network in a pyannote checkpoint (``pytorch_model.bin``).

    Raises
    ------
    ModelError
        Where the file is no such checkpoint, or names anything outside the allowed few.
    """
    content = _load(path, _stand_ins(path))
    try:
        facts = content["pyannote.audio"]
        return Checkpoint(
            module=str(facts["architecture"]["module"]),
            architecture=str(facts["architecture"]["class"]),
            hparams=_plain(content.get("hyper_parameters", {})),
            specifications=_specifications(facts["specifications"]),
            tensors=dict(content["state_dict"]),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{path}: not a pyannote checkpoint (no {error}); fetch the model again") from error


def _load(path: Path, stand_ins: list[tuple[type, str]]) -> Any:
    import torch

    try:
        # The list of allowed names is the process's own; nobody else's reading shall see the stand-ins.
        with _reading, torch.serialization.safe_globals(stand_ins):  # type: ignore[arg-type]
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: there is no such file; fetch the model again") from error
    except (UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, OSError) as error:
        raise ModelError(f"{path}: cannot be read as a checkpoint ({_reason(error)}); it was not used") from error


def _reason(error: Exception) -> str:
    """In a few words, without PyTorch's advice to read the file unsafely."""
    if stranger := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it names {stranger[1]}, which no tensor needs"
    if "weights only" in str(error).lower():
        return "it holds more than tensors"
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _stand_ins(path: Path) -> list[tuple[type, str]]:
    import torch

    if not is_zipfile(path):
        return []
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception as error:  # whatever a damaged archive makes the reader raise
        raise ModelError(f"{path}: cannot be read as a checkpoint ({error}); it was not used") from error
    if strangers := sorted(name for name in names if not _HARMLESS.fullmatch(name)):
        raise ModelError(
            f"{path}: names {', '.join(strangers[:3])}, which no network needs and which could run code;"
            " it was not used"
        )
    return [(_PlainDict if name == "collections.defaultdict" else _stand_in(name), name) for name in names]


def _stand_in(name: str) -> type:
    return type(name.rpartition(".")[2], (_StandIn,), {})


def _specifications(found: Any) -> dict[str, Any]:
    state = dict(found.state)
    state["problem"] = _member(state["problem"], dict(enumerate(_PROBLEMS)))
    state["resolution"] = _member(state["resolution"], _RESOLUTIONS)
    state.pop("powerset", None)  # values that pyannote derives and caches
    state.pop("num_powerset_classes", None)
    return {key: _plain(value) for key, value in state.items()}


def _member(stand_in: Any, names: dict[int, str]) -> str:
    """The name of an enumeration's member, written by its value or, by Python 3.11.0 to 3.11.3, by class and name."""
    said = stand_in.args[-1]
    return names[said] if said in names else {name: name for name in names.values()}[said]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    raise TypeError(f"plain value but {type(value).__name__}")
