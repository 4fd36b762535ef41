from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from reports.measures.synchrony import rotated, synchrony


def noise(random: np.random.Generator, segments: int, samples: int = 30) -> NDArray[np.float64]:
    """Segments of a smooth series."""
    steps = random.normal(size=segments * samples + 4)
    return np.convolve(steps, np.ones(5), "valid").reshape(segments, samples)


def test_the_cross_correlations_are_those_worked_by_hand() -> None:
    ours = np.array([[1.0, 2, 3, 4], [1, -1, 1, -1]])
    theirs = np.array([[2.0, 1, 4, 3], [1, 1, -1, -1]])
    found = synchrony(ours, theirs, 1)
    # First pair: deviations -1.5 -0.5 0.5 1.5 and -0.5 -1.5 1.5 0.5, products over 4 * 1.25: 1.75/5, 3/5, 1.75/5.
    # Second pair: deviations are the values, products over 4: 1/4, 0, 1/4.
    expected = [
        (np.arctanh(0.35) + np.arctanh(0.25)) / 2,
        np.arctanh(0.6) / 2,
        (np.arctanh(0.35) + np.arctanh(0.25)) / 2,
    ]
    assert found.real == pytest.approx(expected)
    assert found.real_signed == pytest.approx(expected)
    # Crossed at lag 0: -4 / (4 * sqrt(1.25)) and 2 / (4 * sqrt(1.25)).
    assert found.pseudo[1] == pytest.approx((np.arctanh(0.894427) + np.arctanh(0.447214)) / 2, abs=1e-4)
    assert found.pseudo_signed[1] == pytest.approx((np.arctanh(0.447214) - np.arctanh(0.894427)) / 2, abs=1e-4)


def test_the_effect_size_is_that_of_susy() -> None:
    found = synchrony(noise(np.random.default_rng(3), 9), noise(np.random.default_rng(8), 9), 4)
    spread = np.sqrt(((found.pseudo - found.pseudo.mean()) ** 2).sum() / 8)  # over the 9 lags
    assert found.effect == pytest.approx((found.real.mean() - found.pseudo.mean()) / spread)


def test_the_one_who_is_earlier_leads() -> None:
    series = noise(np.random.default_rng(0), 20).ravel()
    found = synchrony(series[8:].reshape(-1)[:570].reshape(19, 30), series[:570].reshape(19, 30), 10)
    assert found.lead > 0.1
    assert found.p_lead < 0.01
    assert found.lags[found.real_signed.argmax()] == 8
    assert found.p < 0.01


def test_without_coupling_p_is_uniform() -> None:
    random = np.random.default_rng(4)
    found = [synchrony(noise(random, 12), noise(random, 12), 5, seed) for seed in range(120)]
    for name in ("p", "p_signed", "p_lead"):
        assert kstest([getattr(each, name) for each in found], "uniform").pvalue > 0.01, name
    assert np.mean([each.effect for each in found]) == pytest.approx(0, abs=1.5)


def test_a_rotation_tests_a_correlation_and_keeps_what_goes_on() -> None:
    random = np.random.default_rng(6)
    ps = [rotated(*noise(random, 2, 100).reshape(2, 100))[1] for _ in range(200)]
    assert 2 <= sum(p <= 0.05 for p in ps) <= 24
    shuffled = [rotated(*random.normal(size=(2, 60)))[1] for _ in range(200)]
    assert kstest(shuffled, "uniform").pvalue > 0.01


def test_a_correlation_is_pearsons() -> None:
    ours, theirs = np.array([1.0, 2, 3, 5]), np.array([2.0, 1, 4, 4])
    assert rotated(ours, theirs)[0] == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    assert np.isnan(rotated(np.ones(4), theirs)[0])
