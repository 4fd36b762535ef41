"""Finds pyannote diarization pipelines on disk and builds them; never asks a network for anything."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from .diarizers import ModelUse
from .errors import ModelError
from .model_files import entry_of, find_model, require_model, revision_of, revision_of_folder
from .models.hubs import PARTS
from .pyannote_import import prepare_pyannote
from .pyannote_networks import load_network

DEFAULT = "pyannote-community-1"
CONFIG = "config.yaml"
CHECKPOINT = "pytorch_model.bin"

_CLASSES = (
    "pyannote.audio.pipelines.SpeakerDiarization",
    "pyannote.audio.pipelines.speaker_diarization.SpeakerDiarization",
)


@dataclass(frozen=True)
class PipelineFolder:
    """Where a pipeline lies.

    Parameters
    ----------
    name : str
        A model's name, or that of a folder of the user's own.
    path : Path
        Holds ``config.yaml``.
    origin : str
        ``fetched``, ``cache`` (Hugging Face's own) or ``folder`` (the user's own).
    """

    name: str
    path: Path
    origin: str

    @property
    def config(self) -> Path:
        """The file that says how the pipeline is put together."""
        return self.path / CONFIG


def find_pipeline(model: str | None) -> PipelineFolder:
    """Where the pipeline of that name lies.

    Parameters
    ----------
    model : str, optional
        A local folder with ``config.yaml`` in it, a name from the catalog, or ``org/name`` on Hugging Face, which is
        looked up among the fetched models, then in Hugging Face's own cache. ``pyannote-community-1`` where left out.

    Raises
    ------
    ModelError
        Where it is not on this machine.
    """
    wanted = model or DEFAULT
    folder = Path(wanted).expanduser().absolute()
    if folder.is_dir():
        return PipelineFolder(folder.name, folder, "folder")
    entry = _entry(wanted)
    cached = None if find_model(entry.name) else _in_cache(entry.source.repositories[-1], CONFIG)
    if cached:
        return PipelineFolder(entry.name, cached, "cache")
    return PipelineFolder(entry.name, require_model(entry.name), "fetched")


def _entry(name: str) -> Any:
    try:
        entry = entry_of(name)
    except ModelError:
        entry = None
    if entry is None or entry.kind != "diarization":
        raise ModelError(
            f"diarization.model: '{name}' is neither a folder on this machine nor a pipeline's name; accepted are a"
            f" folder with a {CONFIG} in it, {DEFAULT}, and org/name of a pipeline on Hugging Face"
        )
    return entry


def use_of(pipeline: PipelineFolder) -> ModelUse:
    """The pipeline for provenance; its revision changes whenever any of its files does. Loads nothing.

    Raises
    ------
    ModelError
        Where its configuration cannot be used, or names a network that is not on this machine.
    """
    revision = revision_of(pipeline.name) if pipeline.origin == "fetched" else revision_of_folder(pipeline.path)
    places = parts_of(pipeline, read_config(pipeline))
    elsewhere = {key: _revision(place) for key, place in places.items() if not place.is_relative_to(pipeline.path)}
    details = {"parts": elsewhere} if elsewhere else {}
    if pipeline.origin == "folder":
        return ModelUse(pipeline.name, revision, details=details)
    entry = entry_of(pipeline.name)
    return ModelUse(pipeline.name, revision, entry.licence, entry.credit, details)


def read_config(pipeline: PipelineFolder) -> dict[str, Any]:
    """What the pipeline's ``config.yaml`` says.

    Raises
    ------
    ModelError
        Where there is none, or it describes anything but one of pyannote's speaker diarization pipelines.
    """
    import yaml

    try:
        config = yaml.safe_load(pipeline.config.read_text(encoding="utf-8"))
        name, params = config["pipeline"]["name"], config["pipeline"].get("params") or {}
    except FileNotFoundError as error:
        raise ModelError(f"{pipeline.path}: there is no {CONFIG} in this folder, so it holds no pipeline") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise ModelError(f"{pipeline.config}: not the configuration of a pyannote pipeline ({error})") from error
    if name not in _CLASSES or not isinstance(params, dict):
        raise ModelError(f"{pipeline.config}: pipeline.name is '{name}'; only '{_CLASSES[0]}' can be used here")
    if "preprocessors" in config:
        raise ModelError(f"{pipeline.config}: preprocessors are not accepted, as they may name any code; remove them")
    return {**config, "pipeline": {"name": name, "params": params}}


def parts_of(pipeline: PipelineFolder, config: dict[str, Any]) -> dict[str, Path]:
    """Where the networks lie that a configuration names: ``segmentation``, ``embedding`` and, if named, ``plda``.

    Raises
    ------
    ModelError
        Where one is not named, or not on this machine.
    """
    params = config["pipeline"]["params"]
    named = {
        "segmentation": params.get("segmentation"),
        "embedding": params.get("embedding"),
        "plda": params.get("plda"),
    }
    if not named["plda"]:
        del named["plda"]
    return {key: _place(pipeline, key, value) for key, value in named.items()}


def _place(pipeline: PipelineFolder, key: str, named: Any) -> Path:
    subfolder = ""
    if isinstance(named, dict):
        named, subfolder = named.get("checkpoint"), str(named.get("subfolder") or "")
    if not isinstance(named, str):
        raise ModelError(f"{pipeline.config}: pipeline.params.{key} is {named!r}; a folder or org/name is accepted")
    name = named.partition("@")[0]
    if name.startswith("$model/"):
        return pipeline.path / name.removeprefix("$model/") / subfolder
    places = [pipeline.path / PARTS / name.replace("/", "--"), pipeline.path / name, Path(name).expanduser()]
    found = next((place for place in places if place.exists()), None) or _in_cache(name, CHECKPOINT)
    if found is None:
        wanted = pipeline.name if pipeline.origin == "cache" else name
        raise ModelError(
            f"{pipeline.config}: pipeline.params.{key} names {name}, which is not on this machine;"
            f" run `turntone models fetch {wanted}`"
        )
    return found / subfolder


def build_pipeline(pipeline: PipelineFolder) -> Any:
    """pyannote's ``SpeakerDiarization`` as the folder describes it, its networks read without unpickling.

    Its output is that of pyannote's own class but for a number of speakers that is given: see ``CountedClustering``.

    Raises
    ------
    ModelError
        Where files are missing, or hold what they should not.
    """
    config = read_config(pipeline)
    places = parts_of(pipeline, config)
    prepare_pyannote()
    from pyannote.audio.utils.dependencies import check_dependencies

    from .efficient_pipeline import EfficientDiarization

    known = inspect.signature(EfficientDiarization).parameters
    params = {key: value for key, value in config["pipeline"]["params"].items() if key in known}
    networks = {key: load_network(_checkpoint(places[key])) for key in ("segmentation", "embedding")}
    plda = _plda(places.get("plda"), params.get("clustering", "VBxClustering"), pipeline)
    try:
        check_dependencies(config.get("dependencies") or {}, "This pipeline")
        built = EfficientDiarization(**{**params, **networks, "plda": plda, "legacy": False})
        built.freeze(config.get("freeze") or {})
        built.instantiate(config.get("params") or {})
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError, ImportError) as error:
        raise ModelError(f"{pipeline.config}: pyannote cannot build this pipeline ({error})") from error
    built.count_speakers()
    return built


def _plda(place: Path | None, clustering: str, pipeline: PipelineFolder) -> Any:
    from pyannote.audio.core.plda import PLDA

    if clustering != "VBxClustering":
        return PLDA.__new__(PLDA)  # pyannote insists on one, which only that clustering uses
    if place is None:
        raise ModelError(f"{pipeline.config}: pipeline.params.plda is missing, and VBxClustering needs it")
    try:
        return PLDA.from_pretrained(place)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelError(f"{place}: cannot be read as a PLDA ({error}); fetch the model again") from error


def _checkpoint(place: Path) -> Path:
    return place / CHECKPOINT if place.is_dir() else place


def _revision(place: Path) -> str:
    return revision_of_folder(place if place.is_dir() else place.parent)


def _in_cache(repository: str, file: str) -> Path | None:
    """The snapshot of a repository in Hugging Face's own cache; looks at the disk only."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, file) if repository.count("/") == 1 else None
    return Path(found).parent if isinstance(found, str) else None
