from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import ttest_ind

from reports.between.mixed_models import random_intercept, regress_means


def unbalanced(seed: int = 0, between: float = 0.8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, a column that varies within groups too, and groups of 3 to 14 rows."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(12), random.integers(3, 15, 12))
    column = groups + random.normal(size=len(groups))
    noise = random.normal(size=12)[groups] * between + random.normal(size=len(groups))
    return 0.3 * column + noise, column, groups


def test_estimates_are_those_of_statsmodels() -> None:
    values, column, groups = unbalanced()
    ours = random_intercept(values, np.column_stack([np.ones(len(values)), column]), groups)
    theirs = smf.mixedlm("y ~ x", pd.DataFrame({"y": values, "x": column}), groups=groups).fit(reml=True)
    assert ours.coefficients.tolist() == pytest.approx(theirs.fe_params.tolist(), abs=1e-4)
    assert ours.between == pytest.approx(float(theirs.cov_re.iloc[0, 0]), rel=1e-3)
    assert ours.within == pytest.approx(theirs.scale, rel=1e-4)


def test_the_covariance_is_that_of_generalised_least_squares() -> None:
    values, column, groups = unbalanced(1)
    design = np.column_stack([np.ones(len(values)), column])
    weights = np.random.default_rng(2).uniform(0.5, 2, len(values))
    found = random_intercept(values, design, groups, weights)
    variance = found.between * (groups[:, None] == groups) + np.diag(found.within / weights)
    inner = np.linalg.inv(design.T @ np.linalg.solve(variance, design))
    assert found.covariance == pytest.approx(inner, rel=1e-6)
    assert found.coefficients == pytest.approx(inner @ design.T @ np.linalg.solve(variance, values), rel=1e-6)


def test_a_balanced_analysis_of_variance_by_hand() -> None:
    # Three groups of two: means 1.5, 3.5, 8.5, squares within 0.5 each, so 1.5 / 3 = 0.5 within; squares between
    # 2 * (9 + 1 + 16) = 52, 26 a degree of freedom, so (26 - 0.5) / 2 = 12.75 between.
    values, groups = np.array([1.0, 2, 3, 4, 8, 9]), np.repeat(np.arange(3), 2)
    found = random_intercept(values, np.ones((6, 1)), groups)
    assert (found.within, found.between) == (pytest.approx(0.5, rel=1e-4), pytest.approx(12.75, rel=1e-4))
    assert found.coefficients[0] == pytest.approx(4.5)
    assert found.covariance[0, 0] == pytest.approx(26 / 6, rel=1e-4)


def test_groups_that_do_not_differ_have_no_variance_between() -> None:
    values = np.tile([-1.0, 1.0, 0.0], 5)
    found = random_intercept(values, np.ones((15, 1)), np.repeat(np.arange(5), 3))
    assert found.between == 0
    assert found.within == pytest.approx(10 / 14)


def test_means_of_equal_groups_are_compared_as_by_students_test() -> None:
    random = np.random.default_rng(3)
    means = random.normal(size=10) + np.repeat([0, 1], 5)
    values, groups = np.repeat(means, 8) + np.tile(np.linspace(-1, 1, 8), 10), np.repeat(np.arange(10), 8)
    design = np.column_stack([np.ones(10), np.repeat([0, 1], 5)])
    found = regress_means(values, design, groups, np.ones(80))
    expected = ttest_ind(means[5:], means[:5])
    assert found.p_values[1] == pytest.approx(expected.pvalue)
    assert (found.low[1], found.high[1]) == pytest.approx(tuple(expected.confidence_interval()))
    assert found.freedom == 8


def test_values_that_are_all_the_same_show_no_effect() -> None:
    found = regress_means(np.full(20, 0.3), np.column_stack([np.ones(5), np.arange(5)]), np.repeat(np.arange(5), 4),
                          np.ones(20))  # fmt: skip
    assert found.coefficients.tolist() == pytest.approx([0.3, 0.0])
    assert found.p_values.tolist() == [1.0, 1.0]
