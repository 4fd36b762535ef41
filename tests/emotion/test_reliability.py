from __future__ import annotations

import numpy as np
import pytest

from emotion.reliability import (
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    log_loss,
    measured,
    reliability,
    risk_coverage,
)

# Four clips of two labels: sure at 0.9, 0.9, 0.6 and 0.7; the second and the third are wrong.
SCORES = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.3, 0.7]])
TRUTH = np.array([0, 0, 1, 1])


def test_calibration_error_by_hand() -> None:
    # Bins of a fifteenth: 0.9 and 0.9 together (right 1 of 2, gap 0.4), 0.6 alone (wrong, gap 0.6), 0.7 (gap 0.3).
    assert calibration_error(SCORES, TRUTH) == pytest.approx((2 * 0.4 + 0.6 + 0.3) / 4)


def test_one_bin_leaves_the_gap_of_the_means() -> None:
    # Sure 0.775 on average, right in 2 of 4.
    assert calibration_error(SCORES, TRUTH, 1) == pytest.approx(0.275)
    assert adaptive_calibration_error(SCORES, TRUTH, 1) == pytest.approx(0.275)


def test_adaptive_bins_are_equally_full() -> None:
    # Sorted by sureness: 0.6 (wrong) and 0.7 (right), gap 0.15; 0.9 (right) and 0.9 (wrong), gap 0.4.
    assert adaptive_calibration_error(SCORES, TRUTH, 2) == pytest.approx(0.5 * 0.15 + 0.5 * 0.4)


def test_bins_are_open_below_and_closed_above() -> None:
    bins = reliability(np.array([[0.6, 0.4], [1.0, 0.0]]), np.array([0, 0]), 5)
    assert [each.count for each in bins] == [0, 0, 1, 0, 1]
    assert (bins[2].low, bins[2].high) == pytest.approx((0.4, 0.6))
    assert bins[0].accuracy is None


def test_log_loss_and_brier_score_by_hand() -> None:
    assert log_loss(SCORES, TRUTH) == pytest.approx(-np.log([0.9, 0.1, 0.4, 0.7]).mean())
    assert brier_score(SCORES, TRUTH) == pytest.approx((0.02 + 1.62 + 0.72 + 0.18) / 4)


def test_a_probability_of_zero_for_the_truth_costs_a_finite_loss() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(27.631, abs=1e-3)


def test_risk_and_coverage() -> None:
    rows = risk_coverage(SCORES, TRUTH, np.array([0.0, 0.65, 0.95]))
    assert [row["coverage"] for row in rows] == [1.0, 0.75, 0.0]
    assert [row["risk"] for row in rows] == [0.5, pytest.approx(1 / 3), None]


def test_intervals_hold_the_figure_and_need_three_groups() -> None:
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(3), 90)
    truth = np.array([random.choice(3, p=row) for row in scores])
    found = measured(scores, truth, np.arange(90) % 9)
    low, high = found.intervals["accuracy"]
    assert low < found.figures["accuracy"] < high
    assert measured(scores, truth, np.arange(90) % 2).intervals == {}
