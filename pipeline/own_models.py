"""What users make themselves and keep in a workspace: calibrations (one JSON file each) and heads (a folder each)."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from uuid import uuid4

from diarization.errors import ConfigError, TurntoneError, WorkspaceError
from emotion.calibration import Calibration, calibration_from
from emotion.heads import FACTS, Head, load_head, save_head

from .store.artifacts import shared_files_of
from .store.database import as_sentences
from .store.files import make_folder, write_whole

FOLDERS = ("calibration", "heads")
_LOOK_AGAIN = 2.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class OwnModels:
    """The calibrations and heads of a workspace's folder, which need not exist yet; of a shared one, as its store has
    them."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._calibrations, self._heads = (workspace / name for name in FOLDERS)
        self._looked: dict[Path, float] = {}

    # Calibrations

    def calibrations(self) -> list[Calibration]:
        """All of them, the newest first.

        Raises
        ------
        FormatError
            Where a file is none.
        """
        self._refresh(self._calibrations)
        files = sorted(self._calibrations.glob("*.json")) if self._calibrations.is_dir() else []
        found = [_read(file) for file in files if not file.name.startswith(".")]
        return sorted(found, key=lambda each: each.made, reverse=True)

    def calibration(self, name: str) -> Calibration:
        """The one of that name.

        Raises
        ------
        ConfigError
            Where there is none.
        """
        self._refresh(self._calibrations)
        file = self._calibrations / f"{check_name(name, 'calibration')}.json"
        if not file.is_file():
            known = sorted(each.stem for each in self._calibrations.glob("[!.]*.json"))
            raise ConfigError(_no_such("emotion.calibration", "calibration", name, known, "turntone calibrate"))
        return _read(file)

    def calibration_for(
        self, wanted: str, uses: Sequence[Sequence[str]], labels: Sequence[str]
    ) -> tuple[Calibration | None, str | None]:
        """The calibration that the setting ``emotion.calibration`` means for a recogniser, and a sentence on it.

        Parameters
        ----------
        wanted : str
            ``auto``: the newest that is for these models and labels; ``none``; or a name.
        uses : sequence of (str, str)
            Names and revisions of the models.
        labels : sequence of str
            Their scheme.

        Raises
        ------
        ConfigError
            Where the one named does not exist or is for others.
        """
        if wanted == "none":
            return None, None
        if wanted != "auto":
            named = self.calibration(wanted)
            if not named.is_for(uses, labels):
                raise ConfigError(
                    f"emotion.calibration: '{wanted}' was measured on {_models(named.uses)}, not on {_models(uses)};"
                    " run turntone calibrate for this recogniser, or say none"
                )
            return named, None
        known = self.calibrations()
        fitting = next((each for each in known if each.is_for(uses, labels)), None)
        if fitting is not None:
            return fitting, f"calibration: '{fitting.name}', temperature {fitting.temperature:.2f}"
        names = {name for name, _ in uses}
        stale = next((each for each in known if names & {name for name, _ in each.uses}), None)
        if stale is None:
            return None, None
        return None, (
            f"calibration: none, as '{stale.name}' was measured on another revision; run turntone calibrate again"
        )

    def keep_calibration(self, calibration: Calibration) -> Path:
        """Write a calibration under its name, over one of the same name; gives the file.

        Raises
        ------
        WorkspaceError
            Where it cannot be written; an earlier one is then as it was.
        """
        file = self._calibrations / f"{check_name(calibration.name, 'calibration')}.json"
        text = json.dumps(calibration.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            write_whole(file, text.encode())
        except OSError as error:
            raise WorkspaceError(f"{file}: cannot be written ({error.strerror}); nothing was kept") from error
        self._send([file])
        return file

    def delete_calibration(self, name: str) -> Calibration:
        """Remove the calibration of that name; gives what it was.

        Raises
        ------
        ConfigError
            Where there is none.
        """
        found = self.calibration(name)
        self._drop([self._calibrations / f"{name}.json"])
        (self._calibrations / f"{name}.json").unlink()
        return found

    # Heads

    def heads(self) -> list[Head]:
        """All of them, by name.

        Raises
        ------
        ModelError
            Where one is broken.
        """
        return [load_head(self._heads / name) for name in self._head_names()]

    def head(self, name: str) -> Head:
        """The head of that name, or in the folder of that path.

        Raises
        ------
        ConfigError
            Where there is none.
        ModelError
            Where it is broken.
        """
        path = Path(name).expanduser()
        if path.name != name and path.is_dir():
            return load_head(path)
        self._refresh(self._heads)
        folder = self._heads / name
        if path.name != name or not _NAME.fullmatch(name) or not (folder / FACTS).is_file():
            raise ConfigError(_no_such("emotion.head", "head", name, self._head_names(), "turntone train-head"))
        return load_head(folder)

    def has_head(self, name: str) -> bool:
        """Whether there is a head of that name."""
        self._refresh(self._heads)
        return (self._heads / check_name(name, "head")).exists()

    def keep_head(self, head: Head) -> Path:
        """Write a head under its name, in place of one of the same name; gives its folder.

        Raises
        ------
        WorkspaceError
            Where it cannot be written; an earlier one is then as it was.
        """
        folder = self._heads / check_name(head.name, "head")
        draft, old = (self._heads / f".{head.name}.{uuid4().hex[:8]}.{kind}" for kind in ("part", "old"))
        try:
            make_folder(self._heads)
            save_head(head, draft)
            if folder.exists():
                folder.rename(old)
            draft.rename(folder)
        except OSError as error:
            raise WorkspaceError(f"{folder}: cannot be written ({error.strerror}); nothing was kept") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if old.exists() and not folder.exists():
                old.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        self._send(sorted(folder.iterdir(), key=lambda each: each.name == FACTS))
        return folder

    def delete_head(self, name: str) -> None:
        """Remove the head of that name.

        Raises
        ------
        ConfigError
            Where there is none.
        """
        if name not in self._head_names():
            raise ConfigError(_no_such("head", "head", name, self._head_names(), "turntone train-head"))
        self._drop(sorted((self._heads / name).iterdir(), key=lambda each: each.name != FACTS))
        gone = self._heads / f".{name}.{uuid4().hex[:8]}.old"
        (self._heads / name).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _head_names(self) -> list[str]:
        self._refresh(self._heads)
        if not self._heads.is_dir():
            return []
        return sorted(each.name for each in self._heads.iterdir() if not each.name.startswith(".") and each.is_dir())

    def _refresh(self, folder: Path) -> None:
        """What other machines of a shared workspace kept or removed, looked for every two seconds at most."""
        shared = shared_files_of(self._workspace)
        if shared is None or time.monotonic() - self._looked.get(folder, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return
        with as_sentences(self._workspace, writing=False):
            shared.mirror(folder.name)
        self._looked[folder] = time.monotonic()

    def _send(self, files: list[Path]) -> None:
        shared = shared_files_of(self._workspace)
        if shared is None:
            return
        try:
            shared.send(*files)
        except BaseException:  # the store has it as it was, and so will this folder
            for each in files:
                each.unlink(missing_ok=True)
            self._looked.clear()
            raise

    def _drop(self, files: list[Path]) -> None:
        shared = shared_files_of(self._workspace)
        if shared is not None:
            shared.store.remove([each.relative_to(self._workspace).as_posix() for each in files])


def check_name(name: str, kind: str) -> str:
    """The name, where a file can be called so.

    Raises
    ------
    ConfigError
        Where it cannot.
    """
    if not _NAME.fullmatch(name) or name in ("auto", "none"):
        raise ConfigError(
            f"{kind} name '{name}': not accepted; up to 64 letters of the English alphabet, digits, dots, dashes and "
            "underscores are, beginning with a letter or digit (auto and none mean something else)"
        )
    return name


def _read(file: Path) -> Calibration:
    try:
        return calibration_from(file.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise TurntoneError(f"{file}: cannot be read ({error}); remove it and run turntone calibrate again") from None


def _no_such(place: str, kind: str, name: str, known: Sequence[str], maker: str) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f"{place}: no {kind} is called '{name}', did you mean '{near[0]}'?"
    hint = f"known are {', '.join(known)}" if known else f"the workspace has none yet, {maker} makes one"
    return f"{place}: no {kind} is called '{name}'; {hint}"


def _models(uses: Sequence[Sequence[str]]) -> str:
    return " and ".join(f"{name} {revision[:12]}" for name, revision in uses)
