"""The numbers a network computes in: float32, and faster ones that have to be proven on a machine first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from diarization.errors import ConfigError

PrecisionName = Literal["float32", "bfloat16", "float16", "int8"]

REFERENCE: PrecisionName = "float32"
"""The one that the others are measured against."""


@dataclass(frozen=True)
class Precision:
    """What a network computes in.

    Parameters
    ----------
    name : str
        ``float32``, ``bfloat16``, ``float16`` or ``int8``.

    Notes
    -----
    Sums that many numbers go into (norms, softmax, the mean over frames, the residual stream) and the first layer,
    which hears the sound itself, are float32 in every precision. ``int8`` means linear layers whose weights have 8 bits
    and whose inputs are rounded to 7 bits at each call; all else is float32.
    """

    name: PrecisionName = REFERENCE

    @property
    def quantized(self) -> bool:
        """Whether the linear layers have weights of 8 bits."""
        return self.name == "int8"

    @property
    def dtype(self) -> Any:
        """The torch type of weights and products."""
        import torch

        return torch.float32 if self.quantized else getattr(torch, self.name)


def precisions_of(device: str) -> list[PrecisionName]:
    """The precisions that a device has instructions for, the reference first.

    Others would run on a CPU by conversion, far slower than float32; only int8 is common to all of them.
    """
    import torch

    if device == "cuda":
        bfloat16: list[PrecisionName] = ["bfloat16"] if torch.cuda.is_bf16_supported() else []
        return [REFERENCE, *bfloat16, "float16"]
    if device == "mps":
        return [REFERENCE, "bfloat16", "float16"]
    found: list[PrecisionName] = [REFERENCE, *half_precisions_of_cpu()]
    return [*found, "int8"] if {"x86", "fbgemm", "qnnpack"} & set(torch.backends.quantized.supported_engines) else found


def half_precisions_of_cpu() -> list[PrecisionName]:
    """Those of 16 bits that the CPU has instructions for."""
    import torch

    found: list[PrecisionName] = []
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        found.append("bfloat16")
    if torch.ops.mkldnn._is_mkldnn_fp16_supported():
        found.append("float16")
    return found


def check_precision(name: PrecisionName, device: str) -> Precision:
    """The precision of that name, if it can run on the device at all.

    Raises
    ------
    ConfigError
        Where the device cannot compute in it.
    """
    if name == "int8" and device != "cpu":
        raise ConfigError(
            f"emotion.precision: int8 runs on the CPU only, and the device is {device}; choose float16, bfloat16 or"
            " auto"
        )
    return Precision(name)
