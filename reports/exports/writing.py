"""Puts exports in place: whole or not at all, and never over what is there unless told to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from diarization.audio import read
from diarization.errors import TurntoneError, WorkspaceError
from diarization.files import write_whole
from diarization.recordings import Waveform

from .formats import EXPORTS, ExportFormat, SoundOf
from .names import stems_of

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from pipeline.workspace import Workspace

MARK = "turntone-export.json"
"""Stands in every folder that an export made; only such a folder, or an empty one, is ever replaced."""


def export_sessions(
    sessions: Sequence[Session],
    name: str,
    output: Path | None = None,
    *,
    force: bool = False,
    labels: bool = False,
    sound_of: SoundOf | None = None,
    stem: str | None = None,
) -> list[Path]:
    """Write sessions in a format.

    Parameters
    ----------
    sessions : sequence of Session
        At least one.
    name : str
        Of the format (``export_names()``).
    output : Path, optional
        The file, or for formats that fill a folder the folder. Where several sessions need a file each, the folder
        that they go to. In an existing folder of other things the export goes by its default name. Left out, the
        default name here.
    force : bool
        Replace what is there: files, and folders that an earlier export made.
    labels : bool
        Call speakers by their labels although participants are known.
    sound_of : callable, optional
        Gives a session's sound; the recording's own file is read where left out.
    stem : str, optional
        The default name without ending; made from the session's id where left out.

    Returns
    -------
    list of Path
        The files, or the folder, that were written.

    Raises
    ------
    TurntoneError
        Where there is no such format or session, something is there already, the format cannot hold the session, or
        it cannot be written. Nothing is left half-written then.
    """
    chosen = _chosen(name)
    if not sessions:
        raise TurntoneError("export: no sessions are given; name at least one, or --case NAME")
    stem = stem or f"turntone-session-{sessions[0].id}"
    if chosen.fill is not None:
        target = _folder_target(output, f"{stem}-{name}")
        _fill_folder(target, chosen, sessions, force, labels, sound_of or sound_of_recording)
        return [target]
    if chosen.several or len(sessions) == 1:
        return _write_files(_files(chosen, sessions, labels), output, stem, force)
    target = _folder_target(output, f"{stem}-{name}")
    _fill_folder(target, _each(chosen), sessions, force, labels, sound_of or sound_of_recording)
    return [target]


def file_stem(name: str) -> str:
    """A case's name as part of a file's name.

    >>> file_stem("A. B./2026")
    'A-B-2026'
    """
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name).split()) or "case"


def workspace_sound(workspace: Workspace) -> SoundOf:
    """Reads the workspace's copy of a session's sound, else the recording's own file."""

    def sound_of(session: Session) -> Waveform:
        try:
            copy = workspace.kept_audio(session.id)
        except WorkspaceError:
            return sound_of_recording(session)
        return copy.waveform()

    return sound_of


def sound_of_recording(session: Session) -> Waveform:
    """The sound of the recording's own file, at 16 kHz.

    Raises
    ------
    AudioError
        Where the file is no longer there, or cannot be read.
    """
    return read(session.recording.path).waveform


def _chosen(name: str) -> ExportFormat:
    if name in EXPORTS:
        return EXPORTS[name]
    near = get_close_matches(name.lower(), EXPORTS, 1)
    hint = f", did you mean '{near[0]}'?" if near else f"; there are {', '.join(EXPORTS)}"
    raise TurntoneError(f"export: no format is called '{name}'{hint}")


def _files(chosen: ExportFormat, sessions: Sequence[Session], labels: bool) -> Mapping[str, bytes]:
    assert chosen.files is not None
    return chosen.files(sessions, labels)


def _each(chosen: ExportFormat) -> ExportFormat:
    """The format as one that fills a folder, each session's files under its recording's name."""

    def fill(sessions: Sequence[Session], folder: Path, labels: bool, _sound_of: SoundOf) -> None:
        stems = stems_of(sessions)
        for session in sessions:
            for ending, content in _files(chosen, [session], labels).items():
                (folder / f"{stems[session.id]}{ending}").write_bytes(content)

    return ExportFormat(chosen.name, chosen.title, fill=fill, several=True)


def _write_files(files: Mapping[str, bytes], output: Path | None, stem: str, force: bool) -> list[Path]:
    main = next(iter(files))
    if output is None or output.is_dir():
        output = (output or Path()) / f"{stem}{main}"
    base = output.name.removesuffix(main) if output.name.endswith(main) else output.stem
    places = {ending: output if ending == main else output.with_name(f"{base}{ending}") for ending in files}
    if not force:
        for place in places.values():
            _check_absent(place)
    written: list[Path] = []
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for ending, place in places.items():
            new = not place.exists()
            write_whole(place, files[ending])
            written += [place] if new else []
    except OSError as error:
        for place in written:
            with suppress(OSError):
                place.unlink()
        raise _not_written(output, error) from None
    return list(places.values())


def _folder_target(output: Path | None, default: str) -> Path:
    """A folder that is no export of ours is where the new one goes, not what it replaces."""
    if output is None:
        return Path(default)
    others = output.is_dir() and any(output.iterdir()) and not (output / MARK).is_file()
    return output / default if others else output


def _fill_folder(
    target: Path, chosen: ExportFormat, sessions: Sequence[Session], force: bool, labels: bool, sound_of: SoundOf
) -> None:
    """Fill a folder beside its place, then give it its name in one step."""
    assert chosen.fill is not None
    empty = target.is_dir() and not any(target.iterdir())
    if not empty:
        _check_replaceable(target, force)
    draft = target.absolute().with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        draft.mkdir(parents=True)
        chosen.fill(sessions, draft, labels, sound_of)
        mark = {"format": chosen.name, "sessions": [session.id for session in sessions]}
        (draft / MARK).write_text(json.dumps(mark, indent=1) + "\n", "utf-8")
        _give_name(draft, target)
    except OSError as error:
        raise _not_written(target, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _give_name(draft: Path, target: Path) -> None:
    """Put the draft in the target's place; an earlier folder is back there where that fails."""
    if not target.exists():
        draft.rename(target)
        return
    earlier = draft.with_suffix(".old")
    target.rename(earlier)
    try:
        draft.rename(target)
    except OSError:
        earlier.rename(target)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _check_absent(place: Path) -> None:
    if place.exists() or place.is_symlink():
        raise TurntoneError(f"{place}: there already; choose another --output, or --force to replace it")


def _check_replaceable(target: Path, force: bool) -> None:
    if not force:
        _check_absent(target)
    if target.exists() and not (target / MARK).is_file():
        raise TurntoneError(
            f"{target}: not a folder that an export made (no {MARK} is in it), so it is not replaced; choose another "
            "--output"
        )


def _not_written(place: Path, error: OSError) -> TurntoneError:
    return TurntoneError(f"{place}: the export cannot be written ({error.strerror or error}); choose another --output")
