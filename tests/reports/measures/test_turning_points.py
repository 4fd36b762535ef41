from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import toeplitz

from reports.between.simulation import alike_turns
from reports.measures.turning_points import change_points, modified_bic, stretches, unshared
from reports.resampling import Floats


def drifting(alike: float, count: int, seed: int) -> Floats:
    """Noise without any change whose neighbours have this correlation."""
    return alike_turns(np.random.default_rng(seed), count, 1, alike)[:, 0]


def test_change_points_are_those_of_a_step() -> None:
    assert change_points(np.array([0.0, 0.1] * 10 + [0.9, 1.0] * 10)) == [20]


def test_what_does_not_vary_or_is_too_short_has_none() -> None:
    assert change_points(np.full(40, 0.3)) == []
    assert change_points(np.array([0.0, 0.1, 0.0, 5.0, 5.1, 5.0])) == []


def test_modified_bic_by_hand_where_neighbours_are_not_alike() -> None:
    values = np.array([0.0, 4.0, 1.0, 5.0])
    assert modified_bic(values, []) == pytest.approx(4 * np.log(17 / 4))
    assert modified_bic(values, [2]) == pytest.approx(4 * np.log(16 / 4) + (3 + 48 / 4) * np.log(4) + 2 * np.log(1 / 2))


def test_the_likelihood_is_that_of_a_normal_distribution_with_this_covariance() -> None:
    values = drifting(0.7, 60, 3) + np.repeat([0.0, 1.5], 30)
    fit = stretches(values, [30])
    assert 0.5 < fit.alike < 0.9
    covariance = toeplitz(fit.alike ** np.arange(60)) / (1 - fit.alike**2)
    design = np.repeat(np.eye(2), 30, axis=0)
    inverse = np.linalg.inv(covariance)
    means = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ values)
    left = values - design @ means
    expected = 60 * np.log(left @ inverse @ left / 60) + np.linalg.slogdet(covariance)[1]
    assert fit.misfit == pytest.approx(expected)


def test_what_neighbours_share_is_taken_out() -> None:
    left = unshared(drifting(0.8, 4000, 1), 0.8)
    assert abs(np.corrcoef(left[1:], left[:-1])[0, 1]) < 0.05


@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_noise_has_seldom_a_change_point_also_where_neighbours_are_alike(alike: float) -> None:
    found = [len(change_points(drifting(alike, 60, seed))) > 0 for seed in range(100)]
    assert sum(found) <= 10  # the criterion without memory has 75 at 0.6


@pytest.mark.parametrize(("alike", "least"), [(0.0, 70), (0.6, 30)])
def test_a_step_is_found_near_its_place(alike: float, least: int) -> None:
    step = np.repeat([0.0, 2.0], 30)
    found = [change_points(step + drifting(alike, 60, seed)) for seed in range(100)]
    assert sum(any(abs(place - 30) <= 3 for place in places) for places in found) >= least
