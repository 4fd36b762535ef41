from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reports.measures.series import Series, deviation, inertia, successive_difference
from reports.measures.shapes import Shape, shape_of

Floats = NDArray[np.float64]


def series(values: list[float] | Floats, times: list[float] | Floats | None = None) -> Series:
    known = np.array(values, float)
    at = np.arange(len(known)) * 10.0 if times is None else np.array(times, float)
    return Series(at, known, np.ones(len(known)), np.arange(len(known)))


def ornstein_uhlenbeck(random: np.random.Generator, times: Floats, tau: float) -> Floats:
    values = [random.normal()]
    for step in np.diff(times):
        carried = np.exp(-step / tau)
        values.append(carried * values[-1] + np.sqrt(1 - carried**2) * random.normal())
    return np.array(values)


def test_the_deviation_of_equal_weights_is_that_of_a_sample() -> None:
    assert deviation(np.array([1.0, 2.0, 4.0]), np.full(3, 7.0)) == pytest.approx(1.527525)


def test_mssd_of_even_steps_is_the_mean_of_squared_differences() -> None:
    assert successive_difference(series([1, 3, 2, 2])) == pytest.approx(5 / 3)  # (4 + 1 + 0) / 3


def test_mssd_divides_differences_by_their_steps_as_jahng_wood_and_trull_do() -> None:
    uneven = series([0, 1, 3], [0, 10, 50])  # steps 10 and 40, median 25
    assert successive_difference(uneven, 1.0) == pytest.approx(((1 / 0.4) ** 2 + (2 / 1.6) ** 2) / 2)
    assert successive_difference(uneven, 0.5) == pytest.approx((1 / 0.4 + 4 / 1.6) / 2)
    assert successive_difference(uneven, 0.0) == pytest.approx((1 + 4) / 2)


def test_mssd_of_a_random_walk_does_not_hang_on_the_steps() -> None:
    random = np.random.default_rng(2)
    steps = random.choice([5.0, 20.0, 80.0], 3000)
    walk = np.concatenate([[0], np.cumsum(random.normal(size=3000) * np.sqrt(steps))])
    found = successive_difference(series(walk, np.concatenate([[0], np.cumsum(steps)])))
    assert found == pytest.approx(20, rel=0.15)  # variance 1 a second over the median step of 20 s


def test_inertia_of_even_steps_is_the_ar_1_coefficient_of_statsmodels() -> None:
    from statsmodels.tsa.arima.model import ARIMA

    values = ornstein_uhlenbeck(np.random.default_rng(7), np.arange(120) * 10.0, 14.0)
    theirs = ARIMA(values, order=(1, 0, 0), trend="c").fit().arparams[0]
    assert inertia(series(values)).value == pytest.approx(theirs, abs=0.002)


def test_inertia_is_found_again_where_steps_are_uneven() -> None:
    random = np.random.default_rng(3)
    found = []
    for _ in range(20):
        times = np.cumsum(random.exponential(10, 300) + 1)
        found.append(inertia(series(ornstein_uhlenbeck(random, times, 20.0), times)))
    true = np.array([np.exp(-each.step / 20) for each in found])
    assert np.mean([each.value for each in found] - true) == pytest.approx(0, abs=0.03)
    inside = [each.low <= at <= each.high for each, at in zip(found, true, strict=True)]
    assert sum(inside) >= 17


def test_values_without_memory_have_no_inertia() -> None:
    random = np.random.default_rng(5)
    found = [inertia(series(random.normal(size=100))).value for _ in range(20)]
    assert np.mean(found) < 0.1


def test_what_does_not_vary_has_no_inertia_that_is_known() -> None:
    assert np.isnan(inertia(series([0.5] * 20)).value)


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("improving", (-0.4, 0.0, 0.4)),
        ("worsening", (0.4, 0.0, -0.4)),
        ("recovered", (0.3, -0.4, 0.3)),
        ("flat", (0.1, 0.1, 0.1)),
        ("flat", (0.0, 0.4, 0.0)),
    ],
)
def test_a_course_has_its_word(word: str, means: tuple[float, ...]) -> None:
    values = np.repeat(means, 10) + 0.1 * np.random.default_rng(0).normal(size=30)
    found = shape_of(series(values), 1)
    assert found is not None and found.word == word


def test_the_change_of_a_shape_weighs_turns_by_their_duration() -> None:
    weights = np.array([3.0, *np.ones(17)])
    values = np.array([1.0, *np.zeros(16), 1])
    found = shape_of(Series(np.arange(18.0), values, weights, np.arange(18)), 1)
    assert isinstance(found, Shape)
    assert found.change == pytest.approx(1 / 6 - 3 / 8)


def test_shapes_of_noise_are_flat_as_often_as_they_should_be() -> None:
    random = np.random.default_rng(0)
    shapes = [shape_of(series(random.normal(size=30)), 1, seed) for seed in range(300)]
    words = [shape.word for shape in shapes if shape]
    assert 4 <= sum(word != "flat" for word in words) <= 25  # 5 % of 300 are 15; 0.999 of a binomial lies here


def test_a_shape_needs_more_turns_the_longer_they_stay_alike() -> None:
    assert shape_of(series(np.arange(14.0)), 1) is None
    assert shape_of(series(np.arange(30.0)), 7) is None
    assert shape_of(series(np.arange(30.0)), None) is None
