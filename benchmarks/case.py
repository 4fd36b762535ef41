"""How long the measures between sessions take: cases of made-up sessions, as many and as long as you like.

    python -m benchmarks.case                                  # one case of 1,000 sessions of 200 turns
    python -m benchmarks.case --cases 100 --sessions 10        # the same sessions as a hundred cases
    python -m benchmarks.case --turns 200 --dimension 1024

Every turn has nine scores and an embedding, of two people who take turns. Making the sessions is not counted, loading
libraries is. Processor time is given beside the time by the clock, which other work on the machine makes longer.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from emotion.schemes import CANONICAL, EmotionScheme
from pipeline.sessions import Session
from tests.sessions import make_session


def cases(number: int, sessions: int, turns: int, dimension: int) -> list[list[Session]]:
    """Cases of as many sessions, a day apart: twenty courses of turns, with new embeddings each time."""
    scheme = EmotionScheme(CANONICAL)
    courses = [make_session(turns, seed=seed, scheme=scheme, dimension=dimension) for seed in range(20)]
    return [[one_of(courses, case, at) for at in range(sessions)] for case in range(number)]


def one_of(courses: list[Session], case: int, at: int) -> Session:
    """A session of its own, after one of the courses."""
    course, seed = courses[at % len(courses)], 100_000 * case + at
    sound = np.random.default_rng(seed).standard_normal(course.arrays.embeddings.shape, np.float32)
    sound[np.isnan(course.arrays.embeddings)] = np.nan
    day = datetime.date(2020, 1, 1) + datetime.timedelta(at)
    arrays = replace(course.arrays, embeddings=sound)
    return replace(course, id=f"{seed:012x}", case=f"case {case}", date=day, arrays=arrays)


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Prints what the block took."""
    clock, processor = time.perf_counter(), time.process_time()
    yield
    print(f"{name:<34}{time.perf_counter() - clock:8.2f} s {time.process_time() - processor:8.2f} s", flush=True)


def measure(cases: list[list[Session]]) -> None:
    """Case measures (all, with each session's likeness to the one before), then similarity of all pairs."""
    from reports.measures import MEASURES, measure_case, participants_of
    from reports.similarity import MOST_SESSIONS, session_similarity

    names = [each.name for each in MEASURES if each.scope == "case"]
    jobs: dict[str, Callable[[list[Session]], object]] = {
        "case measures": lambda sessions: measure_case(sessions, names),
        f"similarity, last {MOST_SESSIONS} sessions": lambda sessions: [
            session_similarity(sessions, person) for person in participants_of(sessions)
        ],
    }
    with timed("both"):
        for name, job in jobs.items():
            with timed(name):
                for sessions in cases:
                    job(sessions)


def main() -> None:
    """Parse, make the sessions, time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("cases", 1), ("sessions", 1000), ("turns", 200), ("dimension", 1024)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    made = cases(given.cases, given.sessions, given.turns, given.dimension)
    print(f"{given.cases} cases of {given.sessions} sessions of {given.turns} turns, {given.dimension} dimensions")
    print(f"{'':<34}{'clock':>10} {'processor':>10}")
    measure(made)


if __name__ == "__main__":
    main()
