"""An emotion2vec network over many clips at once, each exactly as if it were alone.

FunASR runs one clip at a time, since padding one to the length of another changes its result. Here clips are not padded
but laid on one line, one after the other. Where the network looks at neighbours, clips must not see one another:

- convolutions of the front end: every clip begins at a multiple of the samples per frame, so its frames are its own;
- positional convolutions: between clips lie as many empty frames as the convolution is wide on one side, set back to
  zero before every layer, which is what the convolution's own padding is at the ends of a clip alone;
- attention: computed clip by clip, with the clip's own ALiBi bias.

All else works on single frames. Settings and weights are those of FunASR's modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .emotion2vec_attention import AlibiBias, Attention
from .emotion2vec_layers import Convolution, FeedForward, Norm, Positions, dense
from .emotion2vec_lines import Line
from .precisions import Precision

if TYPE_CHECKING:
    from torch import Tensor

    from .emotion2vec_checkpoint import Checkpoint

_FRONT_END = {"cpu": 50}  # frames that go through the front end at once: what its layers give stays in the cache
_FRONT_END_ELSEWHERE = 1_000


class Network:
    """FunASR's ``Emotion2vec`` with the computation laid out for speed.

    Parameters
    ----------
    model : torch.nn.Module
        FunASR's model with its weights, on the CPU. It is not kept.
    checkpoint : Checkpoint
        What it was built from.
    precision : Precision
        What to compute in.
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    """

    def __init__(self, model: Any, checkpoint: Checkpoint, precision: Precision, device: str) -> None:
        import torch

        encoder, dtype = model.modality_encoders["AUDIO"], precision.dtype
        self._front_end = [
            # The first layer hears the sound itself, of which half-precision numbers would lose the quiet parts.
            Convolution(layer, dtype if index else torch.float32, device)
            for index, layer in enumerate(encoder.local_encoder.conv_layers)
        ]
        self._step = _FRONT_END.get(device, _FRONT_END_ELSEWHERE)
        _, norm, project = encoder.project_features
        self._project = (Norm(norm, device), dense(project, Precision(_unquantized(precision)), device))
        before, layers = _positional_layers(encoder.relative_positional_encoder)
        self._before_positions = None if before is None else Norm(before, device)
        self._positions = [Positions(layer, dtype, device) for layer in layers]
        self._extra = None if encoder.extra_tokens is None else encoder.extra_tokens[0].to(device)
        self._bias = None if encoder.get_alibi_bias is None else AlibiBias(encoder, checkpoint, dtype, device)
        context = encoder.context_encoder
        self._norm_first = bool(checkpoint.settings.model_extra and checkpoint.settings.model_extra["layer_norm_first"])
        self._between = None if context.norm is None else Norm(context.norm, device)
        self._context = [_Block(each, self._norm_first, precision, device) for each in context.blocks]
        self._blocks = [_Block(each, self._norm_first, precision, device) for each in model.blocks]
        self._last = None if model.norm is None else Norm(model.norm, device)

    def __call__(self, sound: Tensor, line: Line) -> list[Tensor]:
        """The last layer's output for each clip, ``(frames, dimension)``, float32.

        Parameters
        ----------
        sound : torch.Tensor, shape (line.samples,)
            The clips, each normalised, at their places; zero elsewhere.
        line : Line
            Those places.
        """
        return self._transformer(self._with_positions(self._local(sound, line), line), line)

    def _local(self, sound: Tensor, line: Line) -> Tensor:
        """Local features, ``(line.length, dimension)``; between clips lies nothing of use."""
        import torch

        found: Tensor | None = None
        for start in range(0, line.length, self._step):
            stop = min(start + self._step, line.length)
            frames = sound[start * line.hop : (stop - 1) * line.hop + line.reach, None]
            for layer in (*self._front_end, *self._project):
                frames = layer(frames)
            found = torch.empty(line.length, frames.shape[1], device=sound.device) if found is None else found
            found[start:stop] = frames
        assert found is not None, "a line has at least one frame"
        return found

    def _with_positions(self, local: Tensor, line: Line) -> Tensor:
        positions = local.clone() if self._before_positions is None else self._before_positions(local)
        for layer in self._positions:
            for gap in line.gaps():
                positions[gap] = 0
            positions = layer(positions)
        return local.add_(positions)

    def _transformer(self, features: Tensor, line: Line) -> list[Tensor]:
        import torch

        clips = [features[start : start + count] for start, count in zip(line.starts, line.frames, strict=True)]
        num_extra = 0 if self._extra is None else len(self._extra)
        tokens = torch.cat(
            [part for clip in clips for part in ((clip,) if self._extra is None else (self._extra, clip))]
        )
        lengths = tuple(count + num_extra for count in line.frames)
        tokens = tokens if self._between is None or self._norm_first else self._between(tokens)
        tokens = self._through(self._context, tokens, lengths)
        tokens = self._between(tokens) if self._between is not None and self._norm_first else tokens
        tokens = self._through(self._blocks, tokens, lengths)
        tokens = tokens if self._last is None else self._last(tokens)
        return [clip[num_extra:] for clip in torch.split(tokens, list(lengths))]

    def _through(self, blocks: Sequence[_Block], tokens: Tensor, lengths: Sequence[int]) -> Tensor:
        for block in blocks:
            tokens = block(tokens, lengths, self._bias)
        return tokens


class _Block:
    """FunASR's ``AltBlock``."""

    def __init__(self, block: Any, norm_first: bool, precision: Precision, device: str) -> None:
        self._attention = Attention(block.attn, precision, device)
        self._feed_forward = FeedForward(block.mlp, precision, device)
        self._norms = (Norm(block.norm1, device), Norm(block.norm2, device))
        self._norm_first = norm_first

    def __call__(self, tokens: Tensor, lengths: Sequence[int], bias: AlibiBias | None) -> Tensor:
        """Tokens of the same shape, float32; those given are overwritten."""
        import torch

        first, second = self._norms
        if self._norm_first:  # with FunASR's own residual: what the feed-forward layers give, twice
            tokens += self._attention(first(tokens), lengths, bias)
            return self._feed_forward.add_to(torch.zeros_like(tokens), second(tokens)).mul_(2)
        tokens += self._attention(tokens, lengths, bias)
        tokens = first(tokens)
        return second(self._feed_forward.add_to(tokens, tokens))


def _positional_layers(encoder: Any) -> tuple[Any, list[Any]]:
    """The norm before the positional convolutions, where there is one, and the layers themselves."""
    from torch import nn

    norm, stack = (encoder[0], encoder[1]) if isinstance(encoder[0], nn.LayerNorm) else (None, encoder)
    return norm, list(stack)[1:-1]  # without the transpositions at both ends


def _unquantized(precision: Precision) -> Any:
    return "float32" if precision.quantized else precision.name
