"""Downloads from model hubs through the hubs' own libraries, with their errors told in sentences."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
from collections.abc import Callable, Iterator
from functools import partialmethod
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .catalog import HubSource, ModelEntry

PARTS = "parts"
"""Folder inside a pipeline's folder with the repositories that its ``config.yaml`` names, each as ``org--name``."""

_TIMEOUT = 10.0
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w.-]+)?")


def download(entry: ModelEntry, source: HubSource, folder: Path, token: str | None, commit: str | None = None) -> str:
    """Bring a repository's files into a folder, going on where an earlier call stopped.

    Parameters
    ----------
    entry, source
        What to bring, and from where.
    folder : Path
        Where to put it.
    token : str, optional
        Hugging Face token.
    commit : str, optional
        Commit on Hugging Face; the newest where left out.

    Returns
    -------
    str
        The commit, where the hub names it; else an empty string.

    Raises
    ------
    ModelError
        Where no hub gives them; the message says why and what to do.
    """
    reasons = []
    with _quietly():
        for hub in _hubs(source):
            try:
                return hub(source, folder, token, commit)
            except _NotGiven as error:
                reasons.append(str(error))
    raise ModelError(
        f"{entry.name}: {'; '.join(reasons)}; nothing was installed; what was downloaded so far is kept for the next"
        " try; without a network, `turntone models unpack FILE` brings models from a machine that has them"
    )


_Hub = Callable[[HubSource, Path, str | None, str | None], str]


class _NotGiven(Exception):
    """A hub did not give the files; says why in words for users."""


def _hubs(source: HubSource) -> list[_Hub]:
    return [_from_modelscope, _from_huggingface] if source.modelscope else [_from_huggingface]


def _from_modelscope(source: HubSource, folder: Path, token: str | None, commit: str | None) -> str:
    _knock_at_modelscope()
    from modelscope import snapshot_download

    try:
        snapshot_download(source.modelscope, local_dir=str(folder), allow_patterns=list(source.files))
    except Exception as error:  # of requests, of urllib3, and of the library itself, which differ between versions
        _raise_if_disk(error)
        raise _NotGiven(f"ModelScope did not give {source.modelscope} ({_first_line(error)})") from error
    return ""


def _knock_at_modelscope() -> None:
    """The library retries for minutes where there is no network; one short question tells at once."""
    import requests

    address = os.environ.get("MODELSCOPE_ENDPOINT") or os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
    try:
        requests.head(address if "://" in address else f"https://{address}", timeout=_TIMEOUT)
    except requests.RequestException as error:
        raise _NotGiven("ModelScope cannot be reached") from error


def _from_huggingface(source: HubSource, folder: Path, token: str | None, commit: str | None) -> str:
    found = _huggingface_snapshot(source.huggingface, commit, source.files, folder, token)
    for repository, revision in _parts_of(folder / "config.yaml"):
        place = folder / PARTS / repository.replace("/", "--")
        _huggingface_snapshot(repository, revision, source.files, place, token)
    return found


def _huggingface_snapshot(
    repository: str, revision: str | None, files: tuple[str, ...], folder: Path, token: str | None
) -> str:
    from huggingface_hub import HfApi, snapshot_download

    try:
        facts = HfApi().model_info(repository, revision=revision, timeout=_TIMEOUT, token=token)
        snapshot_download(repository, revision=facts.sha, local_dir=folder, allow_patterns=list(files), token=token)
    except Exception as error:  # of httpx, httpx2 or requests as the version has it, and the library's own
        _raise_if_disk(error)
        raise _NotGiven(_huggingface_reason(repository, error, token)) from error
    return facts.sha or ""


def _huggingface_reason(repository: str, error: Exception, token: str | None) -> str:
    names = {each.__name__ for each in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "GatedRepoError" in names or status in (401, 403):
        what = "the token given does not open it" if token else "no token was given"
        return (
            f"{repository} asks for its conditions to be accepted and {what}: accept them at"
            f" https://huggingface.co/{repository}, make a token at https://huggingface.co/settings/tokens"
            " and set HF_TOKEN"
        )
    if "RepositoryNotFoundError" in names:
        return f"Hugging Face has no {repository}, or it is private"
    if status is not None:
        return f"Hugging Face did not give {repository} (HTTP {status})"
    if "OfflineModeIsEnabled" in names:
        return "Hugging Face was not asked, as HF_HUB_OFFLINE is set"
    return f"Hugging Face cannot be reached ({_first_line(error)})"


def _parts_of(config: Path) -> list[tuple[str, str | None]]:
    """The other repositories that a pipeline's configuration names, with their revisions."""
    import yaml

    try:
        params = yaml.safe_load(config.read_text(encoding="utf-8"))["pipeline"]["params"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return []  # not a pipeline; whoever loads the model says what is wrong with it
    named = [params.get(key) for key in ("segmentation", "embedding", "plda")]
    parts = [
        (each.get("checkpoint"), each.get("revision")) if isinstance(each, dict) else (each, None) for each in named
    ]
    found: dict[str, str | None] = {}
    for name, revision in parts:
        if isinstance(name, str) and _REPOSITORY.fullmatch(name):
            repository, _, at = name.partition("@")
            found[repository] = at or revision
    return list(found.items())


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the libraries' own progress bars and notes off the terminal: the program shows its own progress."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    bars: Any = import_module("huggingface_hub.utils")
    tqdm: Any = import_module("tqdm").tqdm
    notes, bar = logging.getLogger("modelscope_hub.download"), tqdm.__init__
    level = notes.level
    bars.disable_progress_bars()
    notes.setLevel(logging.ERROR)
    tqdm.__init__ = partialmethod(bar, disable=True)  # ModelScope's bars have no switch
    try:
        yield
    finally:
        tqdm.__init__ = bar
        notes.setLevel(level)
        bars.enable_progress_bars()


def _raise_if_disk(error: Exception) -> None:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
        raise error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
