"""Products of rows with a fixed weight, by the library that computes them fastest on the device.

PyTorch computes products in float32 on a CPU with MKL, which uses AVX-512 on Intel's processors only; oneDNN, which is
in PyTorch too, uses it on all. Measured on an AMD EPYC with AVX-512 (Zen 5), one thread, at the sizes of emotion2vec:
MKL 112 to 119, oneDNN 254 to 268 thousand million operations a second. Without AVX-512 (Zen 3) oneDNN was 15 % slower.
In bfloat16 and float16 oneDNN computes either way; weights laid out for it beforehand save doing so at each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .precisions import half_precisions_of_cpu

if TYPE_CHECKING:
    from torch import Tensor

_ROWS = 512  # as many rows come at once as a rule; oneDNN lays out the weight for that


class Product(Protocol):
    """Rows times a weight, and a bias, where there is one."""

    def __call__(self, rows: Tensor) -> Tensor:
        """``(rows, out)`` from ``(rows, in)``, both in the weight's type."""

    def gelu(self, rows: Tensor) -> Tensor:
        """The same with GELU of each number."""

    def add_to(self, target: Tensor, rows: Tensor) -> Tensor:
        """Add the product, of a weight without a bias, to ``target`` of ``(rows, out)``, and give that."""


def product(weight: Tensor, bias: Tensor | None = None) -> Product:
    """The product with a weight of ``(out, in)`` and a bias of ``(out,)``, where they lie and in their type."""
    return _Packed(weight, bias) if packs(weight.dtype, weight.device.type) else _Plain(weight, bias)


def packs(dtype: Any, device: str) -> bool:
    """Whether weights of a type are laid out for oneDNN on this machine; results agree to rounding either way."""
    import torch

    if device != "cpu":
        return False
    if dtype in {getattr(torch, name) for name in half_precisions_of_cpu()}:
        return True
    capabilities = getattr(torch.cpu, "get_capabilities", dict)  # from PyTorch 2.11 on; before, nothing is known
    return dtype == torch.float32 and _outruns_mkl(capabilities())


def _outruns_mkl(cpu: Mapping[str, Any]) -> bool:
    """Whether oneDNN computes in float32 with instructions that MKL leaves unused.

    >>> _outruns_mkl({"cpu_name": "AMD EPYC", "avx512_f": True})
    True
    >>> _outruns_mkl({"cpu_name": "Intel Xeon", "avx512_f": True}), _outruns_mkl({"cpu_name": "AMD EPYC"})
    (False, False)
    """
    return bool(cpu.get("avx512_f")) and "intel" not in str(cpu.get("cpu_name", "intel")).lower()


class _Plain:
    """By PyTorch's own choice."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, rows: Tensor) -> Tensor:
        from torch.nn.functional import linear

        return linear(rows, self._weight, self._bias)

    def gelu(self, rows: Tensor) -> Tensor:
        return gelu_(self(rows))

    def add_to(self, target: Tensor, rows: Tensor) -> Tensor:
        return target.addmm_(rows, self._weight.T)


class _Packed:
    """By oneDNN, with the weight laid out for it once."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        import torch

        self._weight, self._bias = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _ROWS), bias

    def __call__(self, rows: Tensor) -> Tensor:
        return self._with(rows, "none")

    def gelu(self, rows: Tensor) -> Tensor:
        return self._with(rows, "gelu")

    def add_to(self, target: Tensor, rows: Tensor) -> Tensor:
        return target.add_(self(rows))

    def _with(self, rows: Tensor, after: str) -> Tensor:
        import torch

        found: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self._weight, self._bias, after, [], "none")
        return found


def gelu_(values: Tensor) -> Tensor:
    """GELU in place."""
    import torch

    found: Tensor = torch.ops.aten.gelu_(values)
    return found
