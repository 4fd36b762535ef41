from __future__ import annotations

import numpy as np
import pytest

from reports.between.case_turns import CaseTurns
from reports.between.memory import autocorrelations, memory_of, shared_memory
from reports.between.simulation import alike_turns
from tests.sessions import make_session


def series(count: int, alike: float, number: int = 1, width: int = 8) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [alike_turns(random, count, width, alike) for _ in range(number)]


def test_autocorrelations_of_a_moving_average_by_hand() -> None:
    # Sums of two neighbours of white noise have half of their variance in common with the next, nothing with others.
    noise = np.random.default_rng(1).normal(size=(3001, 4))
    found = autocorrelations([noise[1:] + noise[:-1]], 3)
    assert found == pytest.approx([1, 0.5, 0, 0], abs=0.03)


def test_short_series_do_not_look_less_alike_than_long_ones() -> None:
    # About its own mean, a series of 12 turns of correlation 0.3 has 0.15 on average; what the mean took is put back.
    centred = [each - each.mean(axis=0) for each in series(12, 0.3, 400)]
    plain = sum((each[:-1] * each[1:]).sum() for each in centred) / 11 / sum((each**2).sum() for each in centred) * 12
    assert plain < 0.2
    assert autocorrelations(series(12, 0.3, 400), 3)[1] == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(("alike", "memory"), [(0.0, 1), (0.3, 3), (0.6, 6)])
def test_memory_is_the_first_lag_at_which_turns_are_unrelated(alike: float, memory: int) -> None:
    # 0.3^2 = 0.09 and 0.3^3 = 0.027; 0.6^5 = 0.078 and 0.6^6 = 0.047
    assert memory_of(series(400, alike, 30)) == memory


def test_a_memory_longer_than_a_fifth_of_the_series_is_too_long_to_tell() -> None:
    assert memory_of([np.linspace(0, 1, 30)[:, None]]) is None
    assert memory_of(series(4, 0.0)) is None
    assert memory_of([]) is None


def test_what_does_not_vary_has_no_memory() -> None:
    assert memory_of([np.zeros((20, 2))]) == 1


def test_the_memory_of_a_participant_is_the_longer_of_scores_and_embeddings() -> None:
    sessions = [make_session(80, seed=seed) for seed in range(6)]
    for session in sessions:
        own = (session.turns["speaker"] == "SPEAKER_00").to_numpy() & session.turns["scored"].to_numpy()
        session.arrays.embeddings[own] = alike_turns(np.random.default_rng(int(session.id, 16)), own.sum(), 16, 0.5)
    case = CaseTurns(sessions)
    assert shared_memory(case.of("Anna").sessions) in (4, 5)
    assert shared_memory(case.of("Ben").sessions) == 1
    assert shared_memory(()) is None
