"""An archive on one machine: many short calls through the job table, and the tables of a hundred thousand sessions.

Run with ``python -m benchmarks.archive calls [--count 1000] [--models fake|embedded] [--seconds 10]`` and
``python -m benchmarks.archive tables [--sessions 100000] [--postgres]``.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EVERY = 10
"""Memory is looked at after so many calls."""


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    calls = parts.add_parser("calls", help="short calls through one machine")
    calls.add_argument("--count", type=int, default=1000)
    calls.add_argument("--seconds", type=float, default=10.0, help="of each call")
    calls.add_argument("--models", choices=("fake", "embedded"), default="fake")
    calls.add_argument("--threads", type=int, default=2)
    calls.add_argument("--cases", type=int, default=0, help="cases that they belong to; none where 0")
    tables = parts.add_parser("tables", help="synthetic tables in SQLite, or on a PostgreSQL server of their own")
    tables.add_argument("--sessions", type=int, default=100_000)
    tables.add_argument("--postgres", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if wanted.part == "calls":
            run_calls(Path(folder), wanted.count, wanted.seconds, wanted.models, wanted.threads, wanted.cases)
        elif wanted.postgres:
            run_on_server(Path(folder), wanted.sessions)
        else:
            run_tables(Path(folder), wanted.sessions)


def run_calls(folder: Path, count: int, seconds: float, models: str, threads: int, cases: int) -> None:
    """Analyse so many different calls as one batch; print throughput, memory over time and growth of the disk."""
    from pipeline.config import Config, Runtime
    from pipeline.jobs.batches import submit_batch, work_batch
    from pipeline.jobs.manifest import Planned
    from pipeline.workspace import Workspace

    paths = _calls(folder / "calls", count, seconds, models)
    if models == "fake":
        from tests.fakes import BASELINE_FAKES as CONFIG
    else:
        CONFIG = Config()
    workspace = Workspace(folder / "workspace")
    begun = time.perf_counter()
    planned = [Planned(path, f"Line {number % cases}" if cases else None) for number, path in enumerate(paths)]
    batch = submit_batch(workspace, planned, CONFIG, Runtime(device="cpu"))
    print(f"{count} calls of {seconds:g} s queued in {time.perf_counter() - begun:.1f} s", flush=True)
    memory: list[float] = []
    times: list[float] = []
    done = [0]

    def ended(job: object) -> None:
        done[0] += 1
        times.append(time.perf_counter())
        if done[0] % EVERY == 0 or done[0] == count:
            memory.append(_megabytes())
        if done[0] % max(count // 10, 1) == 0:
            rate = done[0] / (times[-1] - begun)
            print(f"{done[0]:6} done  {3600 * rate:8.0f} calls/h  {memory[-1] if memory else 0:6.0f} MB", flush=True)

    begun, spent = time.perf_counter(), _processor()
    jobs = work_batch(workspace, batch, ended, threads=threads)
    taken, spent = time.perf_counter() - begun, _processor() - spent
    print(f"processor time: {spent / count:.3f} s a call")
    _say_calls(workspace.path, jobs, taken, seconds, memory, times)


def _say_calls(
    folder: Path, jobs: list[object], taken: float, seconds: float, memory: list[float], times: list[float]
) -> None:
    states = [getattr(job, "state", "") for job in jobs]
    print(f"states: { ({state: states.count(state) for state in set(states)}) }")
    print(f"{len(jobs)} calls in {taken:.1f} s: {3600 * len(jobs) / taken:.0f} calls an hour, ", end="")
    print(f"{seconds * len(jobs) / taken:.1f} times real time")
    settled = memory[len(memory) // 10 :]
    fifth = max(len(settled) // 5, 1)
    first, last = statistics.mean(settled[:fifth]), statistics.mean(settled[-fifth:])
    print(f"memory after the first tenth: {first:.0f} MB, at the end: {last:.0f} MB, {100 * (last / first - 1):+.1f} %")
    fifth = max(len(times) // 5, 2)
    ends = [3600 * (fifth - 1) / (part[-1] - part[0]) for part in (times[:fifth], times[-fifth:])]
    print(f"calls an hour in the first fifth: {ends[0]:.0f}, in the last: {ends[1]:.0f}")
    for part in ("workspace.db", "artifacts", "audio", "cache", "logs"):
        print(f"  {part:14} {_size(folder / part) / 1024 / len(jobs):8.1f} KB a call")


def _calls(folder: Path, count: int, seconds: float, models: str) -> list[Path]:
    """Calls that all differ: tones for fake models, shifted cuts of the shipped speech for real ones."""
    import soundfile

    folder.mkdir()
    if models == "fake":
        from tests.fakes import write_tone

        return [write_tone(folder / f"{number}.wav", seconds, pitch=150 + number / 7) for number in range(count)]
    speech = sorted((Path(__file__).parent.parent / "turntone" / "speech").glob("*.flac"))
    sounds = [soundfile.read(path, dtype="float32")[0] for path in speech]
    paths = []
    for number in range(count):
        sound = sounds[number % len(sounds)]
        start = (number * 7919) % max(len(sound) - int(seconds * 16_000), 1)
        paths.append(folder / f"{number}.wav")
        soundfile.write(paths[-1], sound[start : start + int(seconds * 16_000)], 16_000)
    return paths


def run_on_server(folder: Path, count: int) -> None:
    """The same on a PostgreSQL server that is started for it, with its files in a folder that stands for a store."""
    from pipeline.connecting import connect_workspace
    from tests.services import PostgresServer, postgres_binaries

    binaries = postgres_binaries()
    if binaries is None:
        sys.exit("PostgreSQL is not installed: scripts/install-services")
    server = PostgresServer(binaries)
    try:
        connect_workspace(folder / "workspace", server.new_database(), f"file://{folder}/store")
        run_tables(folder, count)
    finally:
        server.close()


def run_tables(folder: Path, count: int) -> None:
    """Fill the tables; print how long what pages and commands ask of them takes."""
    from pipeline.findings import FindingsOfSessions
    from pipeline.retention import overdue
    from pipeline.store.listing import Order, Wanted, Word
    from pipeline.workspace import Workspace
    from reports.findings import SessionFinder

    workspace, revision = Workspace(folder / "workspace"), SessionFinder().revision
    begun = time.perf_counter()
    steps = [each for each in (10_000, count) if each <= count]
    have = 0
    for step in dict.fromkeys(steps):
        _fill(workspace, have, step)
        have = step
        size = _size_of_tables(workspace)
        print(f"{have} sessions: {size / 1e6:.0f} MB of tables, filled after {time.perf_counter() - begun:.0f} s")
        middle = f"{have // 2:012x}"
        asked: dict[str, Callable[[], object]] = {
            "list of all sessions": workspace.sessions,
            "start page: counts, choices, 60 cases, 100 rows": lambda: _start_page(workspace),
            "the list searched for a name": lambda: workspace.listed(Wanted(words=(Word("anna"),))),
            "the list sorted by recording": lambda: workspace.listed(Wanted(order=(Order("recording"),))),
            "the list with a flag": lambda: workspace.listed(Wanted(flag="client-flat", revision=revision)),
            "the list with a call shape": lambda: workspace.listed(Wanted(shape="flat", revision=revision)),
            "how many are not looked through": FindingsOfSessions(workspace, revision).missing,
            "whether any waits to be": FindingsOfSessions(workspace, revision).waiting,
            "list of one case": lambda: workspace.sessions("Case 3"),
            "list of all cases": workspace.cases,
            "search: a session by its id": lambda middle=middle: _summary(workspace, middle),
            "a case's courses (100 sessions)": lambda: workspace.courses(
                [each.id for each in workspace.sessions("Case 3")[:100]]
            ),
            "case page: 20 sessions opened": lambda: [
                workspace.session(each.id) for each in workspace.sessions("Case 3")[:20]
            ],
            "what is older than it may be kept": lambda: overdue(workspace),
            "voices of a case of 100 sessions": lambda: _voices(workspace),
        }
        for name, ask in asked.items():
            _say_time(name, ask)
    _similarity(workspace)


def _summary(workspace: object, prefix: str) -> object:
    with workspace.reading() as connection:  # type: ignore[attr-defined]
        return workspace.known(connection, prefix)  # type: ignore[attr-defined]


def _start_page(workspace: object) -> None:
    """All that the page and its table ask for the first time."""
    from dashboard.pages import page_at
    from dashboard.pages.home import table_rows
    from dashboard.sessions import Library

    library = Library(workspace)  # type: ignore[arg-type]
    page_at(library, "/")
    table_rows(library, {"startRow": 0, "endRow": 100})


def _voices(workspace: object) -> object:
    """What every new session of a case reads, to say who speaks in it."""
    from pipeline.store.voices import case_voices

    with workspace.reading() as connection:  # type: ignore[attr-defined]
        return case_voices(connection, workspace.path, 3)  # type: ignore[attr-defined]


def _size_of_tables(workspace: object) -> int:
    with workspace.reading() as connection:  # type: ignore[attr-defined]
        if connection.dialect.name == "postgresql":
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar())
    return int((workspace.path / "workspace.db").stat().st_size)  # type: ignore[attr-defined]


def _similarity(workspace: object) -> None:
    from reports.measures import measure_case
    from reports.similarity import session_similarity

    sessions = [workspace.session(each.id) for each in workspace.sessions("Case 3")[:20]]  # type: ignore[attr-defined]
    for name, ask in {
        "similarity of a person, 20 sessions": lambda: session_similarity(sessions, "Anna"),
        "all measures of a case, 20 sessions": lambda: measure_case(sessions),
    }.items():
        _say_time(name, ask)


def _fill(workspace: object, have: int, count: int) -> None:
    """Rows of sessions in cases of a hundred, from one made session; its files are all of theirs."""
    from sqlalchemy import insert, text

    from pipeline.store.models import ARTIFACTS, CASES, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
    from pipeline.store.rows import session_row
    from pipeline.store.writing import now
    from tests.sessions import make_session

    template = make_session(30, case=None, dimension=256)
    if not have:
        workspace.save(template)  # type: ignore[attr-defined]
    day = datetime.date(2020, 1, 1)
    with workspace.writing() as connection:  # type: ignore[attr-defined]
        first_case, first_person = have // 100 + 1, 2 * (have // 100) + 10
        cases = range(first_case, count // 100 + 1)
        made = [
            {"id": each, "name": f"Case {each}", "models": {}, "created": now(), "keep_days": 3650} for each in cases
        ]
        connection.execute(insert(CASES), made)
        people = [
            {"id": first_person + 2 * at + side, "case_id": each, "name": name, "role": role}
            for at, each in enumerate(cases)
            for side, (name, role) in enumerate((("Anna", "client"), ("Ben", "counsellor")))
        ]
        connection.execute(insert(PARTICIPANTS), people)
        keys = {"models": {}, "analysis_key": "k", "diarization_key": "k", "created": now(), "changed": now()}
        row = session_row(template) | keys
        for start in range(have, count, 1000):
            ids = [f"{number + 1:012x}" for number in range(start, min(start + 1000, count))]
            sessions = [
                row | {"id": each, "recording_id": f"{each:0>64}", "case_id": (start + at) // 100 + 1,
                       "date": day + datetime.timedelta((start + at) % 2000), "path": f"/calls/{each}.wav"}
                for at, each in enumerate(ids)
            ]  # fmt: skip
            connection.execute(insert(SESSIONS), sessions)
            spoken = [
                {"session_id": each, "position": side, "label": f"SPEAKER_0{side}", "talk_time": 45.0,
                 "confirmed": True, "participant_id": first_person + 2 * ((start + at) // 100 + 1 - first_case) + side}
                for at, each in enumerate(ids)
                for side in (0, 1)
            ]  # fmt: skip
            connection.execute(insert(SPEAKERS), spoken)
        for table in (TURNS, ARTIFACTS):  # copied by the database itself: millions of rows
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "session_id")
            named = ", ".join(f'x."{column.name}"' for column in table.columns if column.name != "session_id")
            connection.execute(
                text(
                    f"INSERT INTO {table.name} (session_id, {columns}) SELECT sessions.id, {named} FROM sessions JOIN "
                    f"{table.name} AS x ON x.session_id = :like WHERE sessions.id > :first AND sessions.id <= :last"
                ),
                {"like": template.id, "first": f"{have:012x}", "last": f"{count:012x}"},
            )
        _fill_findings(connection, [f"{number + 1:012x}" for number in range(have, count)])
    if connection.dialect.name == "postgresql":  # as the server does by itself within minutes
        workspace._database.wipe()  # type: ignore[attr-defined]


def _fill_findings(connection: object, ids: list[str]) -> None:
    """As if all of them had been looked through: two shapes in each, a flag in every tenth."""
    from sqlalchemy import insert

    from pipeline.store.models import FINDINGS, LOOKS
    from pipeline.store.writing import now
    from reports.findings import SessionFinder

    look = {"revision": SessionFinder().revision, "whole": True, "made": now()}
    connection.execute(insert(LOOKS), [look | {"session_id": each} for each in ids])  # type: ignore[attr-defined]
    found = [
        {"session_id": each, "number": side, "kind": "shape", "name": ("flat", "improving")[(at + side) % 9 == 0],
         "speaker": f"SPEAKER_0{side}", "other": None}
        for at, each in enumerate(ids)
        for side in (0, 1)
    ]  # fmt: skip
    flags = {"number": 2, "kind": "flag", "name": "client-flat", "speaker": "SPEAKER_00", "other": None}
    found += [flags | {"session_id": each} for each in ids[::10]]
    connection.execute(insert(FINDINGS), found)  # type: ignore[attr-defined]


def _say_time(name: str, ask: Callable[[], object]) -> None:
    """Print what asking takes: by the clock, which other work on the machine makes longer, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    ask()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"  {name:42} {clock * 1000:9.1f} ms {processor * 1000:9.1f} ms of the processor", flush=True)


def _processor() -> float:
    """Seconds of computing of this process and those it has started."""
    import psutil

    process = psutil.Process(os.getpid())
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _megabytes() -> float:
    """What this process and those it has started hold."""
    import psutil

    process = psutil.Process(os.getpid())
    held = [process, *process.children(recursive=True)]
    return sum(each.memory_info().rss for each in held) / 1e6


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


if __name__ == "__main__":
    sys.exit(main())
