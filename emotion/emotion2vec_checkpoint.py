"""Reads an emotion2vec checkpoint folder: its settings, its labels and its weights, nothing of it executed.

A folder holds ``config.yaml``, ``model.pt`` and ``tokens.txt``, as ModelScope and Hugging Face deliver it;
``configuration.json``, where there is one, may name the three otherwise. FunASR itself would ``eval`` a text of the
configuration, leave weights that do not fit at random values and say so only in its log. Here each is an error.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diarization.errors import ModelError
from diarization.torchaudio_import import prepare_torchaudio

from .schemes import EmotionScheme, scheme_of

if TYPE_CHECKING:
    from torch import Tensor, nn

ConvLayers = list[tuple[int, int, int]]
"""Layers of a convolutional front end: output channels, kernel width, stride."""

_PREFIX_OF_UNUSED = "unuse"  # FunASR masks the classes whose token begins so


class _AudioSettings(BaseModel):
    """What the audio encoder is built from; values of other keys are passed on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    feature_encoder_spec: str
    extractor_mode: Literal["layer_norm"]  # "default" normalises over a whole clip's time, which batches would break
    prenet_depth: int = Field(ge=1, le=256)
    num_extra_tokens: int = Field(ge=0, le=1024)
    num_alibi_heads: int = Field(ge=1, le=256)
    use_alibi_encoder: bool
    learned_alibi: Literal[False] = False  # FunASR's own code cannot run these two
    learned_alibi_scale_per_layer: Literal[False] = False
    conv_pos_depth: int = Field(ge=0, le=64)
    conv_pos_width: int = Field(ge=1, le=4096)
    conv_pos_groups: int = Field(ge=1, le=4096)


class _Modalities(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    audio: _AudioSettings


class ModelSettings(BaseModel):
    """``model_conf`` of a checkpoint's ``config.yaml``: what FunASR's class is built from."""

    model_config = ConfigDict(extra="allow", frozen=True)

    depth: int = Field(ge=1, le=256)
    num_heads: int = Field(ge=1, le=256)
    embed_dim: int = Field(ge=1, le=16_384)
    normalize: bool
    modalities: _Modalities


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint folder says of its model, without the weights.

    Parameters
    ----------
    folder : Path
        Where it lies.
    weights : Path
        Its ``model.pt``.
    tokens : tuple of str
        The classifier's classes in its order, as the checkpoint writes them.
    settings : ModelSettings
        Sizes and switches of the network.
    layers : list of (int, int, int)
        The convolutional front end.
    scopes : tuple of (str, str)
        Prefixes of names in the weights file, and what FunASR's class calls them.
    """

    folder: Path
    weights: Path
    tokens: tuple[str, ...]
    settings: ModelSettings
    layers: ConvLayers
    scopes: tuple[tuple[str, str], ...]

    @property
    def used(self) -> tuple[int, ...]:
        """The classes that count, by index: those that the checkpoint does not mark as unused."""
        return tuple(index for index, token in enumerate(self.tokens) if not token.startswith(_PREFIX_OF_UNUSED))

    @property
    def scheme(self) -> EmotionScheme:
        """The labels that count, in the checkpoint's order."""
        return scheme_of([self.tokens[index] for index in self.used])

    @property
    def min_samples(self) -> int:
        """Samples in the shortest sound that gives a frame."""
        samples = 1
        for _, kernel, stride in reversed(self.layers):
            samples = (samples - 1) * stride + kernel
        return samples

    @property
    def positional_kernel(self) -> int:
        """Frames that a positional convolution hears; 1 where there is none."""
        audio = self.settings.modalities.audio
        return max(3, audio.conv_pos_width // audio.conv_pos_depth) if audio.conv_pos_depth else 1

    @property
    def samples_per_frame(self) -> int:
        """Samples from one frame to the next."""
        samples = 1
        for _, _, stride in self.layers:
            samples *= stride
        return samples


def read_checkpoint(folder: Path) -> Checkpoint:
    """What a checkpoint folder says of its model; the weights are not read.

    Raises
    ------
    ModelError
        Where a file is missing, or says what no emotion2vec model with a classifier is.
    """
    files = _files(folder)
    config = _yaml(files["config"])
    if config.get("model") != "Emotion2vec":
        raise ModelError(f"{files['config']}: 'model' is {config.get('model')!r}; it has to be 'Emotion2vec'")
    settings = _settings(files["config"], config.get("model_conf"))
    return Checkpoint(
        folder=folder,
        weights=files["weights"],
        tokens=_tokens(files["tokens"]),
        settings=settings,
        layers=conv_layers(settings.modalities.audio.feature_encoder_spec, str(files["config"])),
        scopes=_scopes(config.get("scope_map") or []),
    )


def load_model(checkpoint: Checkpoint) -> nn.Module:
    """FunASR's ``Emotion2vec`` with the checkpoint's weights, float32, on the CPU, ready for inference.

    Its decoder, which only pretraining uses, is left out.

    Raises
    ------
    ModelError
        Where the weights cannot be read, hold anything but tensors, or do not fit the settings.
    """
    model = _build(checkpoint)
    expected = model.state_dict()
    found = _read_weights(checkpoint.weights)
    sources = {name: _source(name, checkpoint.scopes, found) for name in expected}
    if missing := [name for name, source in sources.items() if source is None]:
        raise ModelError(f"{checkpoint.weights}: {_listed(missing)} missing; fetch the model again")
    weights = {name: found[str(source)] for name, source in sources.items()}
    if wrong := [name for name, tensor in weights.items() if tensor.shape != expected[name].shape]:
        name = wrong[0]
        raise ModelError(
            f"{checkpoint.weights}: {name} has the shape {tuple(weights[name].shape)}, but config.yaml and the"
            f" {len(checkpoint.tokens)} labels make it {tuple(expected[name].shape)}; the files do not belong together"
        )
    import torch

    model.load_state_dict({name: _own(tensor, torch.float32) for name, tensor in weights.items()}, assign=True)
    return model.eval().requires_grad_(False)


def conv_layers(spec: str, where: str = "feature_encoder_spec") -> ConvLayers:
    """The layers that a ``feature_encoder_spec`` describes, without evaluating it.

    Parameters
    ----------
    spec : str
        Lists of tuples of three positive whole numbers, joined by ``+`` and repeated by ``*``; nothing else.
    where : str
        Where it stands, for the message.

    Raises
    ------
    ModelError
        Where it is anything else.

    Examples
    --------
    >>> conv_layers("[(512, 10, 5)] + [(512, 3, 2)] * 2")
    [(512, 10, 5), (512, 3, 2), (512, 3, 2)]
    """
    try:
        if len(spec) > 2000:
            raise ValueError
        layers = _evaluated(ast.parse(spec, mode="eval").body)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        layers = []
    if not layers:
        raise ModelError(
            f"{where}: feature_encoder_spec is {spec[:80]!r}; only a sum of lists of (channels, kernel, stride) such as"
            " '[(512, 10, 5)] + [(512, 3, 2)] * 4' is accepted, and nothing of it was run"
        )
    return layers


def _evaluated(node: ast.expr) -> ConvLayers:
    match node:
        case ast.List(elts=elements):
            return [_layer(element) for element in elements]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _evaluated(left) + _evaluated(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int(times))) if times in range(1, 65):
            return _bounded(_evaluated(left), times)
    raise ValueError


def _bounded(layers: ConvLayers, times: int) -> ConvLayers:
    if len(layers) * times > 64:
        raise ValueError
    return layers * times


def _layer(node: ast.expr) -> tuple[int, int, int]:
    match node:
        case ast.Tuple(elts=[ast.Constant(value=int(c)), ast.Constant(value=int(k)), ast.Constant(value=int(s))]):
            if 0 < c <= 8192 and 0 < s <= k <= 8192:
                return c, k, s
    raise ValueError


def _files(folder: Path) -> dict[str, Path]:
    """The three files of a folder by role; all exist and lie in the folder."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such folder; a model's name or the folder of a checkpoint is needed")
    named = _named_files(folder / "configuration.json")
    defaults = {"config": "config.yaml", "weights": "model.pt", "tokens": "tokens.txt"}
    files = {role: folder / named.get(role, default) for role, default in defaults.items()}
    if outside := [name for name in named.values() if Path(name).is_absolute() or ".." in Path(name).parts]:
        raise ModelError(f"{folder / 'configuration.json'}: names {outside[0]!r}, which lies outside its folder")
    if missing := [path.name for path in files.values() if not path.is_file()]:
        raise ModelError(
            f"{folder}: {' and '.join(missing)} missing; an emotion2vec folder holds config.yaml, model.pt and"
            " tokens.txt, fetch or copy it again"
        )
    return files


def _named_files(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        metas = json.loads(path.read_text(encoding="utf-8")).get("file_path_metas", {})
        tokens = metas.get("tokenizer_conf", {}).get("token_list")
        named = {"config": metas.get("config"), "weights": metas.get("init_param"), "tokens": tokens}
    except (ValueError, AttributeError, OSError) as error:
        raise ModelError(f"{path}: not the configuration of a model ({error}); fetch the model again") from error
    return {role: name for role, name in named.items() if isinstance(name, str)}


class _Loader(yaml.SafeLoader):
    """YAML in which ``1e-05`` is a number, as in FunASR's reader."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789"))


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: not YAML ({reason[:200]}); fetch the model again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not the settings of a model but {type(content).__name__}; fetch the model again")
    return content


def _settings(path: Path, model_conf: Any) -> ModelSettings:
    if any("${" in text for text in _texts(model_conf)):
        raise ModelError(f"{path}: model_conf refers to other values with '${{'; plain values are needed")
    try:
        return ModelSettings.model_validate(model_conf)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["model_conf", *(str(part) for part in first["loc"])])
        raise ModelError(f"{path}: {key}: {first['msg']} (it is {first['input']!r:.80})") from error


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _tokens(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        tokens = json.loads(text) if path.suffix == ".json" else [line.rstrip() for line in text.splitlines()]
        scheme_of([token for token in tokens if not token.startswith(_PREFIX_OF_UNUSED)])
    except (ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{path}: not a list of emotion labels ({error})") from error
    return tuple(tokens)


def _scopes(scope_map: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of prefixes as FunASR reads them: a flat list or a text with commas; ``none`` is the empty one."""
    flat = scope_map.split(",") if isinstance(scope_map, str) else [str(each) for each in scope_map]
    names = ["" if name.lower() == "none" else name for name in [*flat, "module.", "none"]]
    return tuple(zip(names[::2], names[1::2], strict=False))


def _source(name: str, scopes: Sequence[tuple[str, str]], found: Mapping[str, Tensor]) -> str | None:
    """The name in the weights file of what the class calls ``name``; the last pair of prefixes that fits decides."""
    source = name
    for theirs, ours in scopes:
        candidate = theirs + name.removeprefix(ours)
        if name.startswith(ours) and candidate in found:
            source = candidate
    return source if source in found else None


def _build(checkpoint: Checkpoint) -> nn.Module:
    """FunASR's class with weights that take no memory yet."""
    import torch

    model_conf = checkpoint.settings.model_dump()
    model_conf["modalities"]["audio"] |= {"feature_encoder_spec": str(checkpoint.layers), "decoder": None}
    emotion2vec = model_class()
    try:
        with torch.device("meta"):
            model: nn.Module = emotion2vec(model_conf=model_conf, vocab_size=len(checkpoint.tokens))
    except Exception as error:  # whatever FunASR's class makes of settings it does not expect
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{checkpoint.folder}: FunASR cannot build a model from config.yaml ({type(error).__name__}: {reason:.200})"
        ) from error
    return model


def model_class() -> Any:
    """FunASR's ``Emotion2vec`` class, imported without the rest of FunASR, which takes ten seconds.

    ``import funasr`` imports every model there is. While the class is imported, an empty module with the package's path
    stands in for it; afterwards ``import funasr`` does what it always does.
    """
    prepare_torchaudio()
    stand_in = None
    if "funasr" not in sys.modules and (spec := find_spec("funasr")):
        stand_in = ModuleType("funasr")
        stand_in.__path__ = list(spec.submodule_search_locations or [])
        sys.modules["funasr"] = stand_in
    try:
        with redirect_stdout(StringIO()):  # it prints that there is no ffmpeg, which is not needed here
            from funasr.models.emotion2vec.model import Emotion2vec
    finally:
        if stand_in and sys.modules.get("funasr") is stand_in:
            del sys.modules["funasr"]
    return Emotion2vec


def _read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name. Read where used: the file may hold three times what is needed."""
    import torch

    try:
        try:
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # not a zip archive: written by an old PyTorch, or damaged
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, OSError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"{path}: not a file of tensors ({reason:.200}); nothing of it was run, fetch it again"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        content = content[key] if isinstance(content, dict) and key in content else content
    if not isinstance(content, dict):
        raise ModelError(f"{path}: holds {type(content).__name__}, not tensors by name; fetch it again")
    return {name: tensor for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}


def _own(tensor: Tensor, dtype: Any) -> Tensor:
    """A copy in memory, so that the file may change."""
    return tensor.detach().to(dtype, copy=True).contiguous()


def _listed(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more are"
