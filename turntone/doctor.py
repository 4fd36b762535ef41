"""Looks at an installation as a person who helps would."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from diarization.errors import TurntoneError

PACKAGES = (
    "torch",
    "torchaudio",
    "pyannote.audio",
    "funasr",
    "modelscope",
    "librosa",
    "av",
    "soundfile",
    "dash",
    "plotly",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Parameters
    ----------
    what : str
        What was looked at.
    state : str
        ``ok``, ``optional`` (not here, and recordings can be analysed all the same) or ``missing``.
    found : str
        Version, folder, device.
    advice : str
        What to do about it; empty where nothing is owed.
    """

    what: str
    state: str
    found: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as JSON values."""
        return asdict(self)


def examine(workspace: str | None = None) -> list[Finding]:
    """Everything the doctor looks at, in the order a reader wants it."""
    here = [_turntone(), _python(), *_packages(), _device(), *_models(), _token(), _browser()]
    return [*here, _workspace(workspace), *_broker()]


def _turntone() -> Finding:
    from . import __version__

    return Finding("turntone", "ok", f"{__version__} in {Path(__file__).parent.parent}")


def _python() -> Finding:
    return Finding("python", "ok", f"{sys.version.split()[0]} in {sys.prefix}")


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "missing", "not installed", f"{sys.executable} -m pip install {name}")


def _device() -> Finding:
    from pipeline.engines import resolve_device

    device = resolve_device()
    if device != "cpu":
        return Finding("device", "ok", device)
    return Finding("device", "ok", f"cpu, {os.cpu_count()} cores", "a CUDA or Apple GPU is used where there is one")


def _models() -> Iterator[Finding]:
    from diarization.model_files import CATALOG, find_model

    for name, entry in CATALOG.items():
        folder = find_model(name)
        if folder:
            yield Finding(f"model {name}", "ok", str(folder))
        else:
            state = "missing" if entry.default else "optional"
            yield Finding(f"model {name}", state, "not here", f"turntone models fetch {name}  ({entry.purpose})")


def _token() -> Finding:
    if os.environ.get("HF_TOKEN"):
        return Finding("HF_TOKEN", "ok", "set")
    return Finding("HF_TOKEN", "optional", "not set", "needed once, to fetch pyannote-community-1 from Hugging Face")


def _browser() -> Finding:
    names = ("chromium", "google-chrome", "chromium-browser")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found:
        return Finding("browser", "ok", found)
    return Finding(
        "browser", "optional", "no Chromium", "for PDF reports and the browser tests: apt-get install chromium"
    )


def _workspace(workspace: str | None) -> Finding:
    from .api import open_workspace

    store = open_workspace(workspace)
    path = store.path
    if not path.exists():
        return _writable(path)
    count = store.totals().sessions
    return Finding("workspace", "ok", f"{path.resolve()}, {count} session{'' if count == 1 else 's'}")


def _writable(path: Path) -> Finding:
    parent = next(folder for folder in (path.resolve(), *path.resolve().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=parent):
            return Finding("workspace", "ok", f"{path.resolve()} does not exist yet; the first analysis makes it")
    except OSError as error:
        advice = "choose another folder with --workspace or TURNTONE_WORKSPACE"
        return Finding("workspace", "missing", f"{parent} cannot be written: {error.strerror}", advice)


def _broker() -> Iterator[Finding]:
    """Where one is named; one machine alone needs none, and nothing of a cluster is imported there."""
    if not os.environ.get("TURNTONE_BROKER"):
        return
    from pipeline.cluster.broker import check_broker, needed_broker

    try:
        broker = needed_broker()
        check_broker(broker)
    except TurntoneError as error:
        yield Finding("broker", "missing", "cannot be used", str(error))
    else:
        yield Finding("broker", "ok", broker.name)
