"""Carries models to a machine without network, as one file."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from ..errors import ModelError
from .catalog import entry_of
from .fetching import locked, put_in_place
from .files import (
    MANIFEST,
    Manifest,
    folder_of,
    hash_files,
    installed,
    list_files,
    models_home,
    read_manifest,
    require_model,
    revision_of,
)

CONTENTS = "turntone-models.json"


def pack_models(file: Path, names: Sequence[str] | None = None) -> list[str]:
    """Write models into one tar file and give their names; all that are on this machine where none is named.

    Every file's checksum is verified first. The file appears complete or not at all.

    Raises
    ------
    ModelError
        Where a model is not there or has changed, where there is none at all, or the file cannot be written.
    """
    wanted = list(names) if names is not None else [each.name for each in installed()]
    if not wanted:
        raise ModelError(f"{file}: there are no models on this machine to pack; run `turntone models fetch` first")
    folders = [require_model(name) for name in wanted]
    try:
        with _replacing(Path(file)) as partial, tarfile.open(partial, "w") as archive:
            _add_text(archive, CONTENTS, json.dumps({"models": wanted}))
            for name, folder in zip(wanted, folders, strict=True):
                _add(archive, name, folder)
    except OSError as error:
        raise ModelError(f"{file}: cannot be written ({error.strerror or error}); nothing was packed") from error
    return wanted


def unpack_models(file: Path) -> list[str]:
    """Install the models of a file that ``pack_models`` wrote and give their names. Models already there are replaced.

    Nothing in the file can be written outside the models' folder, and no model is installed unless every one of its
    files has the checksum recorded for it.

    Raises
    ------
    ModelError
        Where the file is not such a file, or damaged; nothing is installed then.
    """
    home = models_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".unpack-") as place:
            names = _extract(Path(file), Path(place))
            folders = [_checked(Path(file), Path(place), name) for name in names]
            for name, folder in folders:
                with locked(entry_of(name)):
                    put_in_place(folder, folder_of(name))
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(f"{file}: cannot be unpacked into {home} ({reason}); nothing was installed") from error
    return [name for name, _ in folders]


def _add(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    for each in list_files(folder):
        archive.add(folder / each, f"{folder.name}/{each}", recursive=False)
    manifest = read_manifest(folder) or _manifest_of(name, folder)
    _add_text(archive, f"{folder.name}/{MANIFEST}", manifest.to_json())


def _add_text(archive: tarfile.TarFile, path: str, text: str) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(text.encode())
    archive.addfile(member, BytesIO(text.encode()))


def _manifest_of(name: str, folder: Path) -> Manifest:
    entry = entry_of(name)
    today = datetime.date.today().isoformat()
    return Manifest(name, revision_of(name), "copied by hand", entry.licence, entry.credit, today, hash_files(folder))


def _extract(file: Path, place: Path) -> list[str]:
    """Copy the plain files out of an archive, and give the names of its models; anything else in it is refused."""
    try:
        with tarfile.open(file, "r:") as archive:
            names = _names(archive, file)
            for member in archive:
                if member.name != CONTENTS:
                    _copy_out(archive, member, file, place)
    except FileNotFoundError as error:
        raise ModelError(f"{file}: there is no such file; nothing was installed") from error
    except (tarfile.TarError, EOFError) as error:
        raise ModelError(f"{file}: not a file of models, or damaged ({error}); nothing was installed") from error
    return names


def _names(archive: tarfile.TarFile, file: Path) -> list[str]:
    first = archive.next()
    content = archive.extractfile(first) if first and first.isreg() and first.name == CONTENTS else None
    if content is None:
        raise ModelError(f"{file}: not a file that `turntone models pack` wrote; nothing was installed")
    try:
        return [str(name) for name in json.loads(content.read())["models"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{file}: its list of models cannot be read; nothing was installed") from error


def _copy_out(archive: tarfile.TarFile, member: tarfile.TarInfo, file: Path, place: Path) -> None:
    path = PurePosixPath(member.name)
    inside = len(path.parts) > 1 and not path.is_absolute() and ".." not in path.parts and "\\" not in member.name
    content = archive.extractfile(member) if member.isreg() and inside else None
    if content is None:
        raise ModelError(
            f"{file}: holds '{member.name}', which is not a plain file inside a model's folder; nothing was installed"
        )
    target = place.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(content, out, 1 << 20)


def _checked(file: Path, place: Path, name: str) -> tuple[str, Path]:
    folder = place / folder_of(name).name
    manifest, found = read_manifest(folder), hash_files(folder, fresh=True)
    recorded = manifest.files if manifest else {}
    wrong = {path for path, _ in found.items() ^ recorded.items()} | {*entry_of(name).required} - {*found}
    if wrong or manifest is None or manifest.name != name:
        where = min(wrong, default=MANIFEST)
        raise ModelError(f"{file}: {folder.name}/{where} is damaged or missing; nothing was installed")
    return name, folder


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A file beside, which takes the place of ``file`` once it is complete."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield partial
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
