"""How long pages take in a browser: a session of three hours and 2,000 turns, and a list of 5,000 sessions.

    python -m benchmarks.pages                         # both; Chromium opens every page, medians of five rounds
    python -m benchmarks.pages --turns 500 --sessions 100 --rounds 3
    python -m benchmarks.pages --keep /tmp/pages       # makes the workspaces there once, and takes them again

*Opened* is from the call of the address to the moment when the named part is drawn and answers; *interactions* are
from the click or key to the change on the screen, two frames included. The server runs in a process of its own, and the
browser keeps its cache from the first opening on, which is told apart. *Server* is what the same parts take without a
browser, the first time (nothing kept) and again. Aims: opened within 1 s, interactions within 0.2 s.
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import insert, select

from dashboard.pages import page_at, part_at
from dashboard.sessions import Library
from diarization.recordings import Recording
from emotion.schemes import CANONICAL, EmotionScheme
from pipeline.sessions import Session, SessionArrays
from pipeline.store.models import CASES, LOOKS, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
from pipeline.workspace import Workspace
from reports.findings import SessionFinder
from tests.dashboard.workspaces import hum
from tests.ports import free_port
from tests.sessions import make_session

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LONG = "000000000000"
PARTS = ("summary", "flags", "session-map", "trajectories", "turns", "talk-time", "emotion-shares", "measures",
         "transitions", "coupling", "frames")  # fmt: skip

_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_WATCH = """async ([act, ready]) => {
    const until = new Function(`return (${ready})`), start = performance.now();
    if (act) new Function(act)();
    while (!until()) await new Promise((done) => setTimeout(done, 4));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - start;
}"""
_HOLDS = """async (ready) => {
    const until = new Function(`return (${ready})`);
    while (!until()) await new Promise((done) => setTimeout(done, 4));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now();
}"""
_ROWS = (
    "[...document.querySelectorAll('#sessions-table .ag-row')]"
    ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
)
_LIST = {
    "search the list": ("search:session-77.wav", "dash_ag_grid.getApi('sessions-table').getDisplayedRowCount() === 1"),
    "sort the list": (
        "dash_ag_grid.getApi('sessions-table').applyColumnState({state: [{colId: 'recording', sort: 'desc'}]})",
        f"{_ROWS}[0]?.textContent.includes('session-999.wav')",
    ),
    "its end": (
        "dash_ag_grid.getApi('sessions-table').ensureIndexVisible("
        "dash_ag_grid.getApi('sessions-table').getDisplayedRowCount() - 1)",
        f"{_ROWS}.at(-1)?.querySelector('a')",
    ),
}
_OPENED = {
    "page with its player": "document.querySelector('h1') && document.getElementById('player')",
    "map drawn": "document.querySelector('#session-map .scatterlayer .js-line')",
}
_INTERACTIONS = {
    "a turn by the keyboard (L)": ("key:l", ""),
    "playhead to a time": (
        "document.getElementById('player').currentTime = 60",
        "document.getElementById('now-playing').textContent.startsWith('1:0')",
    ),
    "zoom into the map": (
        "Plotly.relayout(document.querySelector('#session-map .js-plotly-plot'), {'xaxis.range': [600, 900]})",
        "document.querySelector('#session-map .js-plotly-plot')._fullLayout.xaxis.range[0] === 600",
    ),
    "whole map again": (
        "Plotly.relayout(document.querySelector('#session-map .js-plotly-plot'), {'xaxis.range': [0, 10800]})",
        "document.querySelector('#session-map .js-plotly-plot')._fullLayout.xaxis.range[0] === 0",
    ),
    "sort the turns": (
        "dash_ag_grid.getApi('turns-table').applyColumnState({state: [{colId: 'valence', sort: 'desc'}]})",
        "dash_ag_grid.getApi('turns-table').getColumnState().some((each) => each.sort === 'desc')",
    ),
    "filter the turns": (
        "dash_ag_grid.getApi('turns-table').setFilterModel({emotion: {filterType: 'text', type: 'equals',"
        " filter: 'sad'}})",
        "dash_ag_grid.getApi('turns-table').getDisplayedRowCount() < 1900",
    ),
}


def long_session(turns: int) -> Session:
    """Three hours of two people who take turns of three seconds and more, with nine emotions and 50 frames a second."""
    scheme = EmotionScheme(CANONICAL)
    short = make_session(turns, scheme=scheme, dimension=64)
    factor = 10_800 / short.recording.duration
    times = {name: short.turns[name] * factor for name in ("start", "end")}
    segments = short.segments.assign(**{name: short.segments[name] * factor for name in ("start", "end")})
    random = np.random.default_rng(0)
    counts = [int(50 * (end - start)) for start, end in zip(times["start"], times["end"], strict=True)]
    counts = [count if scored else 0 for count, scored in zip(counts, short.turns["scored"], strict=True)]
    frames = random.dirichlet(np.ones(len(CANONICAL)), sum(counts)).astype(np.float32)
    spans = zip(times["start"], times["end"], counts, strict=True)
    peaks = np.abs(random.normal(0.2, 0.1, (2000, 1))).astype(np.float32)
    arrays: SessionArrays = replace(
        short.arrays,
        frame_scores=frames,
        frame_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        frame_times=np.concatenate([np.linspace(start, end, count, False) for start, end, count in spans]),
        peaks=np.concatenate([-peaks, peaks], axis=1),
    )
    recording = Recording("0" * 64, Path("three-hours.wav"), 10_800.0, 16_000, 1)
    return replace(short, recording=recording, turns=short.turns.assign(**times), segments=segments, arrays=arrays)


def many_sessions(workspace: Workspace, count: int) -> None:
    """So many sessions of 20 turns, ten a case: one that is saved, and copies of its rows."""
    first = make_session(20, seed=0, case="Case 000", date=datetime.date(2020, 1, 1))
    workspace.save(first)
    with workspace.writing() as connection:
        rows = {each: list(connection.execute(select(each)).mappings()) for each in (SESSIONS, SPEAKERS, TURNS)}
        models = connection.execute(select(CASES.c.models)).scalar()
        now = rows[SESSIONS][0]["created"]
        cases = range(1, count // 10 + 1)
        named = [{"id": 1 + at, "name": f"Case {at:03d}", "models": models, "created": now} for at in cases]
        connection.execute(insert(CASES), named)
        pairs = [(at, who, name) for at in cases for who, name in enumerate(("Anna", "Ben"))]
        people = [{"id": 100 + 2 * at + who, "case_id": 1 + at, "name": name} for at, who, name in pairs]
        connection.execute(insert(PARTICIPANTS), people)
        for seed in range(1, count):
            case = 1 + seed // 10
            own = {"id": f"{seed:012x}", "case_id": case, "recording_id": f"{seed:064x}", "path": f"session-{seed}.wav",
                   "date": datetime.date(2020, 1, 1) + datetime.timedelta(seed % 2000)}  # fmt: skip
            connection.execute(insert(SESSIONS), [dict(rows[SESSIONS][0]) | own])
            speakers = [dict(row) | {"session_id": own["id"]} for row in rows[SPEAKERS]]
            if case > 1:
                speakers = [row | {"participant_id": 98 + 2 * case + who} for who, row in enumerate(speakers)]
            connection.execute(insert(SPEAKERS), speakers)
            connection.execute(insert(TURNS), [dict(row) | {"session_id": own["id"]} for row in rows[TURNS]])
        looks = {"revision": SessionFinder().revision, "whole": True, "made": now}  # or a worker would look at each
        connection.execute(insert(LOOKS), [looks | {"session_id": f"{seed:012x}"} for seed in range(count)])


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    """The dashboard's address while the block lasts; it is served by a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "turntone", "dashboard", "--workspace", str(workspace), "--port", f"{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while not _answers(address):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def tell(name: str, times: list[float], first: float | None = None) -> None:
    """A line: the median and the worst, in milliseconds, and what it took the first time."""
    told = "" if first is None else f"{1000 * first:8.0f} ms the first time"
    print(f"{name:<46}{1000 * statistics.median(times):8.0f} ms{1000 * max(times):8.0f} ms at worst{told}", flush=True)


def timed(act: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure_server(workspace: Path) -> None:
    """The parts of the long session's page without a browser: the first time and again."""
    print("server, first time and again")
    warm = Library(Workspace(workspace))
    page_at(warm, f"/session/{LONG}")
    for part in PARTS:  # libraries are loaded once a process
        part_at(warm, f"/session/{LONG}", "", part)
    library, path = Library(Workspace(workspace)), f"/session/{LONG}"
    print(f"{'  page':<46}{1000 * timed(lambda: page_at(library, path)):8.0f} ms"
          f"{1000 * timed(lambda: page_at(library, path)):8.0f} ms")  # fmt: skip
    for part in PARTS:
        first, again = (timed(lambda part=part: part_at(library, path, "", part)) for _ in range(2))  # type: ignore[misc]
        print(f"{'  ' + part:<46}{1000 * first:8.0f} ms{1000 * again:8.0f} ms", flush=True)


def measure_session(page: Page, address: str, rounds: int) -> None:
    """Opening the long session, and what people do there."""
    times: dict[str, list[float]] = {name: [] for name in _OPENED}
    for _ in range(rounds + 1):
        for name, taken in _opening(page, f"{address}/session/{LONG}", _OPENED).items():
            times[name].append(taken)
    for name, taken in times.items():
        tell(f"opened: {name}", taken[1:], taken[0])
    page.evaluate("document.querySelector('[data-part=turns]')?.scrollIntoView()")
    page.wait_for_selector("#turns-table .play")
    page.wait_for_timeout(3000)
    for name, (act, ready) in _INTERACTIONS.items():
        tell(f"interaction: {name}", [_interact(page, act, ready) for _ in range(rounds)])


def _opening(page: Page, address: str, wanted: dict[str, str]) -> dict[str, float]:
    """Seconds from the call of an address until each of some expressions holds, by name; the page itself looks."""
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    return {name: float(page.evaluate(_HOLDS, ready)) / 1000 for name, ready in wanted.items()}


def _interact(page: Page, act: str, ready: str) -> float:
    page.evaluate("document.getElementById('player').currentTime = 0")
    if "getApi" in act:
        page.evaluate("dash_ag_grid.getApi('turns-table').setFilterModel(null)")
        page.evaluate("dash_ag_grid.getApi('turns-table').applyColumnState({defaultState: {sort: null}})")
    page.wait_for_timeout(300)
    if act.startswith("key:"):
        start = time.perf_counter()
        page.keyboard.press(act.removeprefix("key:"))
        while page.evaluate("document.getElementById('player').currentTime") == 0:
            time.sleep(0.002)
        page.evaluate(_FRAMES)
        return time.perf_counter() - start
    return float(page.evaluate(_WATCH, [act, ready])) / 1000


def measure_list(page: Page, address: str, rounds: int) -> None:
    """Opening the list of many sessions, and searching, sorting and going through it."""
    shown = {"list": "document.querySelector('#sessions-table .ag-row a')"}
    times = [_opening(page, address, shown)["list"] for _ in range(rounds + 1)]
    tell("opened: list of sessions", times[1:], times[0])
    for name, (act, ready) in _LIST.items():
        taken = []
        for _ in range(rounds):
            page.goto(address)
            page.wait_for_selector("#sessions-table .ag-row a")
            page.wait_for_timeout(1500)
            if act.startswith("search:"):
                start = time.perf_counter()
                page.get_by_label("Search").fill(act.removeprefix("search:"))
                page.evaluate(_HOLDS, ready)
                taken.append(time.perf_counter() - start)
            else:
                taken.append(float(page.evaluate(_WATCH, [act, ready])) / 1000)
        tell(f"interaction: {name}", taken)


def main() -> None:
    """Make the workspaces, open them, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", choices=["session", "list"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = given.keep or Path(folder)
        browser = playwright.chromium.launch_persistent_context(
            Path(folder) / "browser", executable_path="/usr/bin/chromium", args=FLAGS,
            viewport={"width": 1440, "height": 900}, bypass_csp=True,
        )  # fmt: skip
        page = browser.new_page()
        if given.only != "list":
            long = place / f"long-{given.turns}"
            if not long.exists():
                session = long_session(given.turns)
                Workspace(long).save(session, hum(session.recording.duration))
            measure_server(long)
            with served(long) as address:
                measure_session(page, address, given.rounds)
        if given.only != "session":
            many = place / f"many-{given.sessions}"
            if not many.exists():
                many_sessions(Workspace(many), given.sessions)
            with served(many) as address:
                measure_list(page, address, given.rounds)
        browser.close()


if __name__ == "__main__":
    main()
