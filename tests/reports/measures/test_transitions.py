from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from reports.measures.transitions import crossed_transitions, dwellings, own_transitions


def certain(*labels: int, size: int = 2) -> NDArray[np.float64]:
    return np.eye(size)[list(labels)]


def test_transitions_of_sure_turns_are_counted() -> None:
    found = own_transitions(certain(0, 0, 1, 0, 1, 1))  # 0>0 once, 0>1 twice, 1>0 once, 1>1 once
    assert found.share == pytest.approx(np.array([[1 / 3, 2 / 3], [1 / 2, 1 / 2]]))


def test_transitions_of_unsure_turns_are_products_of_scores() -> None:
    found = own_transitions(np.array([[0.8, 0.2], [0.3, 0.7]]))
    assert found.share == pytest.approx(np.array([[0.3, 0.7], [0.3, 0.7]]))


def test_chance_is_that_of_shuffled_turns() -> None:
    found = own_transitions(certain(*[0] * 10, *[1] * 10))
    assert found.chance == pytest.approx(np.array([[9 / 19, 10 / 19], [10 / 19, 9 / 19]]), abs=0.02)
    assert found.share[0, 0] == pytest.approx(0.9)
    assert found.p.max() < 0.01


def test_answers_to_an_emotion_are_counted_against_their_rotations() -> None:
    before, after = certain(0, 0, 1, 1), certain(0, 0, 1, 0)
    found = crossed_transitions(before, after)
    assert found.share == pytest.approx(np.array([[1, 0], [1 / 2, 1 / 2]]))
    assert found.chance == pytest.approx(np.array([[3 / 4, 1 / 4], [3 / 4, 1 / 4]]))
    assert found.p[0, 0] == pytest.approx(1.0)  # of the four rotations, each is 1/4 away


def test_an_emotion_never_heard_has_no_transitions() -> None:
    assert np.isnan(own_transitions(certain(0, 0, 0, 1, size=3)).share[2]).all()


def test_without_effect_p_is_uniform() -> None:
    random = np.random.default_rng(0)
    ps = [own_transitions(random.dirichlet(np.ones(3), 24), seed).p[0, 1] for seed in range(120)]
    crossed = [crossed_transitions(*random.dirichlet(np.ones(3), (2, 100))).p[0, 1] for _ in range(150)]
    assert kstest(ps, "uniform").pvalue > 0.01
    assert kstest(crossed, "uniform").pvalue > 0.01


def test_rotations_hold_where_emotions_go_on() -> None:
    random = np.random.default_rng(1)

    def going_on() -> NDArray[np.float64]:
        return np.eye(3)[np.repeat(random.integers(0, 3, 200), random.geometric(0.2, 200))[:200]]

    ps = [crossed_transitions(going_on(), going_on()).p[0, 0] for _ in range(150)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.1


def test_dwelling_is_the_mean_length_of_runs() -> None:
    found = dwellings(np.array([0, 0, 1, 0, 1, 1]), np.array([2.0, 1, 5, 3, 1, 1]), 2)
    assert (found[0].seconds, found[0].runs) == (3.0, 2)
    assert (found[1].seconds, found[1].runs) == (3.5, 2)


def test_long_runs_are_longer_than_chance() -> None:
    found = dwellings(np.repeat([0, 1, 0, 1], 8), np.ones(32), 2)
    assert found[0].seconds == 8
    assert found[0].chance == pytest.approx(2.0, abs=0.2)
    assert found[0].p < 0.01
