"""The layers of an emotion2vec network as they run here: FunASR's weights, frames first, in one precision.

Everything is laid out ``(frames, channels)``. So a convolution is a matrix product on windows of the memory that is
already there, layer norm runs along neighbouring numbers, and nothing is transposed or copied between layers. Norms and
the attention's softmax are computed in float32 in every precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from .emotion2vec_products import gelu_, product
from .precisions import Precision

if TYPE_CHECKING:
    from torch import Tensor

_CPU_ROWS = 512
"""Frames that pass through a feed-forward layer at once on a CPU, so that what is between stays in the cache."""


class Dense:
    """A linear layer with its weights in the precision's type."""

    def __init__(self, linear: Any, precision: Precision, device: str) -> None:
        bias = None if linear.bias is None else linear.bias.to(device, precision.dtype)
        self._product, self._dtype = product(linear.weight.to(device, precision.dtype), bias), precision.dtype

    def __call__(self, tokens: Tensor) -> Tensor:
        """``(frames, out)`` in the precision's type, from ``(frames, in)`` in any."""
        return self._product(tokens.to(self._dtype))

    def gelu(self, tokens: Tensor) -> Tensor:
        """The same with GELU of each number."""
        return self._product.gelu(tokens.to(self._dtype))


class QuantizedDense:
    """A linear layer with weights of 8 bits, a scale a row; each call finds the scale of what comes in (CPU only)."""

    def __init__(self, linear: Any) -> None:
        import torch

        weight = linear.weight.detach()
        scales = weight.abs().amax(dim=1).double().clamp_min(1e-12) / 127
        zeros = torch.zeros(len(scales), dtype=torch.long)
        with catch_warnings():  # PyTorch means to replace these, without a date
            simplefilter("ignore", UserWarning)
            rows = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        self._packed = torch.ops.quantized.linear_prepack(rows, linear.bias)

    def __call__(self, tokens: Tensor) -> Tensor:
        """``(frames, out)`` from ``(frames, in)``, float32."""
        import torch

        # A range of seven bits: AVX2 adds two products in 16 bits, which eight would overflow.
        found: Tensor = torch.ops.quantized.linear_dynamic(tokens, self._packed, True)
        return found

    def gelu(self, tokens: Tensor) -> Tensor:
        """The same with GELU of each number."""
        return gelu_(self(tokens))


def dense(linear: Any, precision: Precision, device: str) -> Dense | QuantizedDense:
    """A linear layer as the precision has it."""
    return QuantizedDense(linear) if precision.quantized else Dense(linear, precision, device)


class Norm:
    """Layer norm over the channels, in float32; gives float32."""

    def __init__(self, norm: Any, device: str) -> None:
        self._shape, self._eps = tuple(norm.normalized_shape), norm.eps
        self._weight = None if norm.weight is None else norm.weight.to(device)
        self._bias = None if norm.bias is None else norm.bias.to(device)

    def __call__(self, tokens: Tensor) -> Tensor:
        """Of the same shape."""
        from torch.nn.functional import layer_norm

        return layer_norm(tokens.float(), self._shape, self._weight, self._bias, self._eps)


class Convolution:
    """One layer of the front end: convolution without bias, layer norm, GELU."""

    def __init__(self, layer: Any, dtype: Any, device: str) -> None:
        import torch

        weight, stride = layer[0].weight.to(device, dtype), layer[0].stride[0]
        # Differences of neighbours want float32; a GPU has better uses for its time than smaller products.
        thrifty = device == "cpu" and dtype == torch.float32 and (weight.shape[2], stride) == (3, 2)
        self._products = _ThreeByTwo(weight) if thrifty and weight.shape[1] > 1 else _Windows(weight, stride)
        self._norm, self._dtype = Norm(layer[2][1], device), dtype

    def __call__(self, sound: Tensor) -> Tensor:
        """``(frames, out)`` in float32, from ``(samples or frames, in)``."""
        return gelu_(self._norm(self._products(sound.to(self._dtype))))


class _Windows:
    """A convolution as matrix products on the windows that lie in memory already."""

    def __init__(self, weight: Tensor, stride: int) -> None:
        import torch

        self._kernel, self._stride = weight.shape[2], stride
        # The kernel in pieces as long as the stride: then the windows of a piece are rows of the memory as it lies.
        step = self._kernel if weight.shape[1] == 1 else stride
        pieces = [each.permute(0, 2, 1).flatten(1) for each in torch.split(weight, step, dim=2)]
        self._pieces = [(each.shape[1], product(each)) for each in pieces]

    def __call__(self, sound: Tensor) -> Tensor:
        length, channels = sound.shape
        count = (length - self._kernel) // self._stride + 1
        found: Tensor | None = None
        for index, (width, piece) in enumerate(self._pieces):
            offset = sound.storage_offset() + index * self._stride * channels
            windows = sound.as_strided((count, width), (self._stride * channels, 1), offset)
            found = piece(windows) if found is None else piece.add_to(found, windows)
        assert found is not None, "a kernel is at least one sample wide"
        return found


class _ThreeByTwo:
    """A convolution of width 3 and stride 2 with five products for two frames instead of six.

    The outer two taps hear even frames only, of which two neighbouring results share one: with a, b, c such frames,
    ``a u + b v = (a - b) u + b (u + v)`` and ``b u + c v = b (u + v) + (c - b) v`` (Winograd, 1980: minimal filtering).
    """

    def __init__(self, weight: Tensor) -> None:
        first, middle, last = weight.unbind(dim=2)
        self._first, self._middle, self._last = (product(each.contiguous()) for each in (first, middle, last))
        self._outer = product(first + last)

    def __call__(self, sound: Tensor) -> Tensor:
        count = (len(sound) - 3) // 2 + 1
        even = sound[::2][: count + 1]
        before, between, after = even[::2], even[1::2], even[2::2]
        found, shared = self._middle(sound[1::2][:count]), self._outer(between)
        self._first.add_to(found[::2], before[: len(between)] - between).add_(shared)
        self._last.add_to(found[1::2], after - between[: len(after)]).add_(shared[: len(after)])
        return found


class Positions:
    """One positional convolution: grouped, padded, layer norm without weights, GELU."""

    def __init__(self, layer: Any, dtype: Any, device: str) -> None:
        self._weight, self._bias = layer[0].weight.to(device, dtype), layer[0].bias.to(device, dtype)
        self._kernel, self._groups = layer[0].kernel_size[0], layer[0].groups
        self._norm = Norm(layer[3], device)

    def __call__(self, frames: Tensor) -> Tensor:
        """``(frames, channels)`` in float32, of the same shape."""
        from torch.nn.functional import conv1d

        sound = frames.to(self._weight.dtype).T[None]
        found = conv1d(sound, self._weight, self._bias, padding=self._kernel // 2, groups=self._groups)
        return gelu_(self._norm(found[0, :, : len(frames)].T))


class FeedForward:
    """The two linear layers of a block with GELU between, on a few hundred frames at once where that is faster."""

    def __init__(self, mlp: Any, precision: Precision, device: str) -> None:
        self._first, self._second = (dense(each, precision, device) for each in (mlp.fc1, mlp.fc2))
        self._rows = _CPU_ROWS if device == "cpu" else 1 << 30

    def add_to(self, target: Tensor, tokens: Tensor) -> Tensor:
        """Add what the layers make of ``tokens`` to ``target``, both ``(frames, channels)``; gives ``target``."""
        import torch

        for rows, sums in zip(torch.split(tokens, self._rows), torch.split(target, self._rows), strict=True):
            sums += self._second(self._first.gelu(rows))
        return target
