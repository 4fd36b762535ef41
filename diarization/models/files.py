"""Where model files lie, and whether they are what they should be."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Any

from ..errors import ModelError
from .catalog import CATALOG, ModelEntry, entry_of

MANIFEST = "model.json"


@dataclass(frozen=True)
class Manifest:
    """What ``model.json`` in a model's folder says.

    Parameters
    ----------
    name, revision, source, licence, credit : str
        What it is and whose.
    fetched : str
        Date of the first fetch, ISO 8601.
    files : dict of str to str
        SHA-256 of every file, by path relative to the folder.
    """

    name: str
    revision: str
    source: str
    licence: str
    credit: str
    fetched: str
    files: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write it into the model's folder."""
        (folder / MANIFEST).write_text(self.to_json(), encoding="utf-8")

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True)
class InstalledModel:
    """A model that is complete on disk. ``size`` is in bytes."""

    name: str
    path: Path
    revision: str
    licence: str
    credit: str
    size: int


@dataclass(frozen=True)
class ModelCheck:
    """What a check of a model's files found; ``problems`` is empty where they are what they should be."""

    name: str
    path: Path
    revision: str
    num_files: int
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every file is there and unchanged."""
        return not self.problems


def models_home() -> Path:
    """The folder that holds the models: ``$TURNTONE_HOME/models``, else ``models`` in the user's cache folder."""
    if home := os.environ.get("TURNTONE_HOME"):
        return Path(home).expanduser().absolute() / "models"
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("turntone", appauthor=False)) / "models"


def folder_of(name: str) -> Path:
    """The folder of a model, whether or not it is there.

    Raises
    ------
    ModelError
        Where no model can have that name.
    """
    return models_home() / entry_of(name).name.replace("/", "--")


def find_model(name: str) -> Path | None:
    """The folder of a model whose files are all there; None where they are not. Reads no file but ``model.json``.

    A folder copied there by hand, without ``model.json``, counts where the files that the model needs are in it.
    """
    entry, folder = entry_of(name), folder_of(name)
    manifest = read_manifest(folder)
    needed = {*entry.required, *(manifest.files if manifest else ())}
    return folder if all((folder / each).is_file() for each in needed) else None


def require_model(name: str) -> Path:
    """The folder of a model, its files checked against the checksums of their first fetch.

    Checksums are remembered by size and time of change, so that an unchanged file is read for it only once.

    Raises
    ------
    ModelError
        Where the model is not there or a file has changed; the message says what to run.
    """
    folder = find_model(name)
    if folder is None:
        raise ModelError(
            f"{name}: the model is not on this machine (looked in {folder_of(name)}); run"
            f" `turntone models fetch {name}`, or `turntone models unpack FILE` with a file that"
            " `turntone models pack FILE` wrote on a machine that has it"
        )
    if problems := _problems(folder, read_manifest(folder), fresh=False):
        raise ModelError(f"{name}: {problems[0]}; run `turntone models fetch --force {name}`")
    return folder


def check_model(name: str) -> ModelCheck:
    """Read every file of a model and compare its checksum with the recorded one.

    Raises
    ------
    ModelError
        Where no model can have that name.
    """
    folder = folder_of(name)
    manifest = read_manifest(folder)
    missing = [f"{each} is missing" for each in entry_of(name).required if not (folder / each).is_file()]
    problems = [*missing, *(each for each in _problems(folder, manifest, fresh=True) if each not in missing)]
    revision = revision_of(name) if not missing else ""
    return ModelCheck(name, folder, revision, len(list_files(folder)), tuple(problems))


def revision_of(name: str) -> str:
    """The revision of a model on disk: as recorded at its fetch, or ``local-`` and twelve digits of its contents' hash.

    Raises
    ------
    ModelError
        Where the model is not there.
    """
    folder = find_model(name)
    if folder is None:
        return revision_of_folder(require_model(name))
    manifest = read_manifest(folder)
    return manifest.revision if manifest else revision_of_folder(folder)


def revision_of_folder(folder: Path) -> str:
    """``local-`` and twelve hexadecimal digits that change whenever any file of a folder does, or its name in it."""
    return f"local-{contents_hash(hash_files(folder))}"


def contents_hash(files: dict[str, str]) -> str:
    """Twelve hexadecimal digits from paths and their SHA-256."""
    lines = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def installed() -> list[InstalledModel]:
    """The models that are complete on disk, those of the catalog first, in its order."""
    others = sorted(
        folder.name.replace("--", "/", 1)
        for folder in (models_home().iterdir() if models_home().is_dir() else ())
        if "--" in folder.name and not folder.name.startswith(".")
    )
    return [_installed(entry_of(name)) for name in [*CATALOG, *others] if find_model(name)]


def _installed(entry: ModelEntry) -> InstalledModel:
    folder = folder_of(entry.name)
    size = sum((folder / each).stat().st_size for each in list_files(folder))
    return InstalledModel(entry.name, folder, revision_of(entry.name), entry.licence, entry.credit, size)


def read_manifest(folder: Path) -> Manifest | None:
    """What ``model.json`` says; None where there is none.

    Raises
    ------
    ModelError
        Where it cannot be read.
    """
    path = folder / MANIFEST
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**known)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); delete {folder} and fetch the model again") from error


def list_files(folder: Path) -> list[str]:
    """Every file below a folder by its relative path with ``/``, in order, without ``model.json`` and hidden ones."""
    if not folder.is_dir():
        return []
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    visible = (path for path in paths if not any(part.startswith(".") for part in path.parts))
    return sorted(path.as_posix() for path in visible if path.as_posix() != MANIFEST)


def hash_files(folder: Path, fresh: bool = False) -> dict[str, str]:
    """SHA-256 of every file below a folder by its relative path; from memory for unchanged files unless ``fresh``."""
    memory = {} if fresh else _remembered()
    hashes = {each: memory.get(_key(folder / each)) or _sha256(folder / each) for each in list_files(folder)}
    _remember({_key(folder / each): sha256 for each, sha256 in hashes.items()})
    return hashes


def _problems(folder: Path, manifest: Manifest | None, fresh: bool) -> list[str]:
    if manifest is None:
        return []
    found = hash_files(folder, fresh)
    missing = [f"{each} is missing" for each in manifest.files if each not in found]
    changed = [
        f"{each} is not what was fetched: its SHA-256 is {found[each]}, recorded was {sha256}"
        for each, sha256 in manifest.files.items()
        if each in found and found[each] != sha256
    ]
    return [*missing, *changed]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(path: Path) -> str:
    facts = path.stat()
    return f"{path.absolute()}|{facts.st_size}|{facts.st_mtime_ns}"


def _memory_file() -> Path:
    return models_home() / ".checksums.json"


def _remembered() -> dict[str, str]:
    try:
        memory = json.loads(_memory_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def _remember(hashes: dict[str, str]) -> None:
    """Keep checksums for the next time. A home that cannot be written only costs time."""
    memory = _remembered()
    if hashes.items() <= memory.items():
        return
    paths = {key.split("|")[0] for key in hashes}
    kept = {key: sha256 for key, sha256 in memory.items() if key.split("|")[0] not in paths}
    with suppress(OSError):
        write_atomically(_memory_file(), json.dumps({**kept, **hashes}, indent=1).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}-{get_ident()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
