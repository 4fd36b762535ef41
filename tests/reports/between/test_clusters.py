from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from reports.between.clusters import cluster_permutation
from reports.between.simulation import cluster_p_values, share_below


def test_clusters_of_a_case_done_by_hand() -> None:
    # Three sessions each; the last two of three parts lie 10 apart, the first does not differ. Of the 20 ways to
    # choose three sessions, the one seen and its mirror image give the largest mass: p = 2 / 20.
    before = np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2]])
    after = before + np.array([0, 10, 10])
    found = cluster_permutation(before, after)
    assert [(each.start, each.stop) for each in found.clusters] == [(1, 3)]
    assert found.t.tolist() == pytest.approx([0, 12.2474, 12.2474], abs=1e-4)  # 10 / sqrt(1 * (1/3 + 1/3))
    assert found.clusters[0].mass == pytest.approx(24.4949, abs=1e-4)
    assert found.p == found.clusters[0].p == pytest.approx(0.1)
    assert found.before.tolist() == [1, 1, 1] and found.after.tolist() == [1, 11, 11]


def test_t_is_that_of_scipy_also_with_missing_parts() -> None:
    random = np.random.default_rng(0)
    before, after = random.normal(size=(7, 6)), random.normal(size=(5, 6))
    before[0, 2] = after[3, 4] = np.nan
    expected = ttest_ind(after, before, nan_policy="omit").statistic
    assert cluster_permutation(before, after).t.tolist() == pytest.approx(np.asarray(expected).tolist())


def test_opposite_neighbours_are_two_clusters() -> None:
    before = np.array([[0.0, 0], [1, 1], [2, 2], [1, 1]])
    found = cluster_permutation(before, before + np.array([8, -8]))
    assert [(each.start, each.stop, np.sign(each.mass)) for each in found.clusters] == [(0, 1, 1), (1, 2, -1)]


def test_parts_that_hardly_anybody_speaks_in_are_no_evidence() -> None:
    before, after = np.full((4, 2), np.nan), np.full((4, 2), np.nan)
    before[:, 0], after[:, 0] = [0, 1, 2, 3], [0, 1, 2, 3]
    after[0, 1] = 5.0
    found = cluster_permutation(before, after)
    assert (found.clusters, found.p) == ((), 1.0)
    assert found.t.tolist() == [0, 0]
    assert np.isnan(found.before[1])


def test_p_is_right_where_there_is_no_difference() -> None:
    p_values = cluster_p_values(300)
    assert share_below(p_values, 0.05) == pytest.approx(0.05, abs=0.035)
    assert share_below(p_values, 0.2) == pytest.approx(0.2, abs=0.07)
