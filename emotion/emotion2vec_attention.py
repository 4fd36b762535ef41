"""Attention clip by clip, each with its own corner of the ALiBi bias (Press et al., 2022)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from .emotion2vec_layers import dense
from .precisions import Precision

if TYPE_CHECKING:
    from torch import Tensor

    from .emotion2vec_checkpoint import Checkpoint

KEPT_TOKENS = 1_664
"""Up to so many tokens (33 s) the whole bias is kept from batch to batch; beyond, rows of it are made when needed."""

_QUERIES = 256  # rows of the bias that are made at once
_ALIGNED = 8  # columns: CUDA's fused attention reads rows that begin at multiples of 16 bytes


class AlibiBias:
    """What attention adds to the products of tokens: less the further apart they are, nothing for the extra tokens.

    Parameters
    ----------
    encoder : torch.nn.Module
        FunASR's audio encoder.
    checkpoint : Checkpoint
        Number of heads; those above ``num_alibi_heads`` have no bias.
    dtype : torch.dtype
        Of the bias, that of the products.
    device : str
        Where it lies.
    """

    def __init__(self, encoder: Any, checkpoint: Checkpoint, dtype: Any, device: str) -> None:
        import torch

        settings = checkpoint.settings
        self._heads, alibi_heads = settings.num_heads, settings.modalities.audio.num_alibi_heads
        self._extra = 0 if encoder.extra_tokens is None else encoder.extra_tokens.shape[1]
        self._dtype, self._device = dtype, device
        pair = encoder.get_alibi_bias(
            batch_size=1, time_steps=2, heads=alibi_heads, dtype=torch.float32, device=torch.device("cpu")
        )
        self._slopes = -pair[0, :, 0, 1].to(device)
        self._scale = None if encoder.alibi_scale is None else _padded(encoder.alibi_scale, self._heads).to(device)
        self._kept: Tensor | None = None
        self._lock = Lock()

    def blocks(self, length: int) -> Iterator[tuple[slice, Tensor]]:
        """Queries of a clip of so many tokens, with their rows of the bias, ``(1, heads, queries, length)``."""
        if length <= KEPT_TOKENS:
            yield slice(0, length), self._kept_for(length)[None, :, :length, :length]
            return
        for first in range(0, length, _QUERIES):
            queries = slice(first, min(first + _QUERIES, length))
            yield queries, self._rows(queries, length)[None, :, :, :length]

    def _kept_for(self, length: int) -> Tensor:
        with self._lock:  # batches run side by side
            if self._kept is None or self._kept.shape[1] < length:
                self._kept = None
                self._kept = self._rows(slice(0, length), length)
            return self._kept

    def _rows(self, queries: slice, length: int) -> Tensor:
        """``(heads, queries, columns)``; columns beyond ``length`` are there for alignment only."""
        import torch

        columns = -(-length // _ALIGNED) * _ALIGNED
        at = torch.arange(columns, device=self._device, dtype=torch.float32)
        distance = -(at[queries, None] - at[None, :]).abs()
        rows = torch.zeros(self._heads, *distance.shape, dtype=self._dtype, device=self._device)
        spoken = max(0, self._extra - queries.start)
        for head, slope in enumerate(self._slopes):
            own = distance[spoken:, self._extra :] * slope
            rows[head, spoken:, self._extra :] = (
                own if self._scale is None else own * self._scale[head % len(self._scale)]
            )
        return rows


class Attention:
    """FunASR's ``AltAttention`` of one block, fused, over clips that lie one after the other."""

    def __init__(self, attention: Any, precision: Precision, device: str) -> None:
        self._qkv, self._out = (dense(each, precision, device) for each in (attention.qkv, attention.proj))
        self._heads, self._scale = attention.num_heads, attention.scale

    def __call__(self, tokens: Tensor, lengths: Sequence[int], bias: AlibiBias | None) -> Tensor:
        """``(tokens, dimension)`` of the same shape; ``lengths`` are the tokens of each clip."""
        import torch

        qkv = self._qkv(tokens).view(len(tokens), 3, self._heads, -1).permute(1, 2, 0, 3)
        clips = torch.split(qkv, list(lengths), dim=2)
        heard = [part for clip in clips for part in self._heard(clip, bias)]
        return self._out(torch.cat(heard) if len(heard) > 1 else heard[0])

    def _heard(self, clip: Tensor, bias: AlibiBias | None) -> Iterator[Tensor]:
        """What one clip's tokens hear of each other, ``(queries, dimension)`` a block of queries."""
        from torch.nn.functional import scaled_dot_product_attention

        queries, keys, values = clip[:, None]
        for rows, mask in [(slice(None), None)] if bias is None else bias.blocks(clip.shape[2]):
            found = scaled_dot_product_attention(queries[:, :, rows], keys, values, attn_mask=mask, scale=self._scale)
            yield found[0].transpose(0, 1).flatten(1)


def _padded(scale: Tensor, heads: int) -> Tensor:
    """The learned scale of the bias, ``(1,)`` for all heads or ``(heads,)``; heads without a bias keep none."""
    from torch.nn.functional import pad

    own = scale.clamp_min(0).flatten()
    return own if len(own) in (1, heads) else pad(own, (0, heads - len(own)))
