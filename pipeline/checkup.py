"""Whether a workspace is well: what is damaged, missing or left over, and mending it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from diarization.audio import Sound, hash_file
from diarization.errors import TurntoneError
from diarization.quality import QualityMeter

from .analysis import analyze_kept, analyze_recording
from .cache import StageCache
from .config import Config, Runtime
from .jobs.queue import JobQueue
from .store.artifacts import FOLDERS, file_of, is_whole, shared_files_of
from .store.files import is_draft
from .store.kept_audio import KeptAudio
from .store.loading import artifacts_of, session_row_of
from .store.models import ARTIFACTS, SESSIONS, TURNS
from .store.rows import recording_from
from .store.trail import forget_session, record
from .store.writing import delete_sessions, files_in_use
from .workspace import Workspace

AUDIO = ("audio", "channels")
_Say = Callable[[str], None]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Parameters
    ----------
    kind : str
        ``database``, ``session``, ``file`` (that belongs to nothing), ``cache`` or ``job``.
    sentence : str
        What it is, and what to do.
    session : str or None
        The session that is concerned.
    parts : tuple of str
        What of it is missing or damaged: ``conversation``, ``emotion``, ``voices``, ``audio``, ``channels``, ``turns``.
    """

    kind: str
    sentence: str
    session: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether nothing is lost by it: files left over, as changes and killed processes leave them."""
        return self.kind in ("file", "cache")


def find_faults(workspace: Workspace) -> list[Fault]:
    """Everything that is wrong with a workspace; empty where it is well.

    Raises
    ------
    WorkspaceError
        Where the folder is no workspace, or its database cannot be opened at all.
    """
    with workspace.reading() as connection:
        if connection is None:
            return []
        faults = [*_of_database(connection), *_of_sessions(connection, workspace.path)]
        faults += _of_files(workspace.path, files_in_use(connection))
    return [*faults, *_of_cache(workspace.cache), *_of_jobs(workspace)]


def repair(workspace: Workspace, runtime: Runtime | None = None, said: _Say | None = None) -> list[Fault]:
    """Mend what is wrong: sessions are analysed again, or taken out where that cannot be; gives what is left.

    A session is analysed again from its recording where that is still at its place with the same bytes, else from the
    audio that is kept. Names, roles and corrections stay. One whose audio alone is damaged and cannot be had again is
    kept without it.
    """
    said = said or (lambda _sentence: None)
    faults = find_faults(workspace)
    for fault in faults:
        if fault.session is not None:
            said(_mend_session(workspace, fault, runtime))
    if gone := workspace.sweep(thoroughly=True):
        said(f"removed {len(gone)} files that belonged to no session, or were copies over the limit")
    if lost := JobQueue(workspace.path).release_lost():
        said(f"{lost} jobs whose process is gone: queued again, or failed with the reason")
    for file in workspace.cache.damaged():
        file.unlink(missing_ok=True)
        said(f"removed {file.name} from the cache; its stage runs again where it is needed")
    return find_faults(workspace)


def _of_database(connection: Connection) -> Iterator[Fault]:
    if connection.dialect.name != "sqlite":  # a server keeps its own tables whole
        return
    said = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
    if said != ["ok"]:
        yield Fault("database", f"workspace.db: damaged ({'; '.join(map(str, said))}); put back a copy")
    strays = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    if strays:
        yield Fault("database", f"workspace.db: {len(strays)} rows point to nothing; put back a copy")


def _of_sessions(connection: Connection, folder: Path) -> Iterator[Fault]:
    turns = select(TURNS.c.session_id, func.count()).group_by(TURNS.c.session_id)
    counted = {row[0]: row[1] for row in connection.execute(turns)}
    for session_id, stated in connection.execute(select(SESSIONS.c.id, SESSIONS.c.num_turns)).all():
        files = artifacts_of(connection, session_id)
        bad = [name for name, artifact in files.items() if not is_whole(folder, artifact)]
        bad += [name for name in ("conversation", "emotion") if name not in files]
        bad += ["turns"] if counted.get(session_id, 0) != stated else []
        if bad:
            names = ", ".join(files[name].file if name in files else name for name in bad)
            sentence = (
                f"session {session_id}: {names} is missing or damaged; turntone workspace check --repair mends it"
            )
            yield Fault("session", sentence, session_id, tuple(bad))


def _of_files(folder: Path, wanted: set[str]) -> Iterator[Fault]:
    shared = shared_files_of(folder)
    for name in shared.orphans(wanted) if shared else ():
        yield Fault("file", f"{name}: in the store, and belongs to no session; --repair removes it")
    for top in FOLDERS:
        for path in sorted((folder / top).rglob("*")):
            if path.is_file() and not is_draft(path) and path.relative_to(folder).as_posix() not in wanted:
                yield Fault("file", f"{path.relative_to(folder)}: belongs to no session; --repair removes it")


def _of_cache(cache: StageCache) -> Iterator[Fault]:
    for file in cache.damaged():
        yield Fault("cache", f"cache/{file.parent.name}/{file.name}: damaged; it counts as absent, --repair removes it")


def _of_jobs(workspace: Workspace) -> Iterator[Fault]:
    for job in JobQueue(workspace.path).lost():
        yield Fault(
            "job", f"job {job.id} ({job.title}): its process is gone; turntone worker or --repair goes on with it"
        )


def _mend_session(workspace: Workspace, fault: Fault, runtime: Runtime | None) -> str:
    known = str(fault.session)
    with workspace.reading() as connection:
        assert connection is not None
        row, files = session_row_of(connection, known), artifacts_of(connection, known)
    recording = recording_from(row)
    with workspace.writing() as connection:  # whatever its key says, it is not what it was
        connection.execute(update(SESSIONS).where(SESSIONS.c.id == known).values(analysis_key=""))
    about = row["provenance"].get("about") or {}
    try:
        config = Config.model_validate(row["provenance"].get("config") or {})
        if _is_at_its_place(recording.path, recording.id):
            analyze_recording(recording.path, workspace, config, runtime, row["case"], row["date"], about=about)
            return f"session {known}: analysed again from {recording.path}"
        if not set(fault.parts) - set(AUDIO):
            return _without_audio(workspace, known, fault.parts)
        if "audio" in files and "audio" not in fault.parts:
            quality = QualityMeter()
            waveform = KeptAudio(file_of(workspace.path, files["audio"])).waveform()
            quality.add(waveform[:, None])
            kept = KeptAudio(file_of(workspace.path, files["channels"])) if "channels" in files else None
            sound = Sound(recording, waveform, quality.quality(waveform), kept.channels() if kept else None)
            analyze_kept(sound, workspace, config, runtime, row["case"], row["date"], row["quality"], about)
            return (
                f"session {known}: analysed again from the audio that is kept, as {recording.path} is gone or changed"
            )
    except TurntoneError as error:
        return f"session {known}: still damaged, it could not be analysed again ({error})"
    _take_out(workspace, known)
    return (
        f"session {known}: taken out, as neither {recording.path} nor its audio is there any more; put the recording "
        "back and analyse it again"
    )


def _is_at_its_place(path: Path, recording_id: str) -> bool:
    try:
        return path.is_file() and hash_file(path) == recording_id
    except TurntoneError:
        return False


def _without_audio(workspace: Workspace, session_id: str, parts: tuple[str, ...]) -> str:
    with workspace.writing() as connection:
        own = (ARTIFACTS.c.session_id == session_id) & ARTIFACTS.c.name.in_(parts)
        connection.execute(ARTIFACTS.delete().where(own))
    workspace.sweep()
    return f"session {session_id}: kept without its audio, which is damaged, as its recording is no longer at its place"


def _take_out(workspace: Workspace, session_id: str) -> None:
    with workspace.writing() as connection:
        recording = session_row_of(connection, session_id)["recording_id"]
        record(connection, "deleted", "session", session_id, "repair")
        delete_sessions(connection, [session_id])
        forget_session(connection, session_id)
    workspace.wipe([recording])
