from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind, ttest_rel

from diarization.errors import ConfigError
from reports.between.groups import compare_groups
from reports.between.simulation import group_p_values, share_below

Row = tuple[str, str, float]


def observed(*rows: Row) -> pd.DataFrame:
    """A row a participant and session: level, participant, value."""
    kept = [
        ("valence", "-1 to 1", level, person, f"s{at}", value, 10) for at, (level, person, value) in enumerate(rows)
    ]
    return pd.DataFrame(kept, columns=["outcome", "unit", "level", "participant", "session", "value", "num_turns"])


def test_people_who_are_in_one_group_each_are_compared_as_by_students_test() -> None:
    # Two sessions each, so that the participants' means are what is tested.
    means = {"a": [0.1, 0.3, 0.2, 0.5], "b": [0.6, 0.4, 0.9, 0.7, 0.5]}
    rows = [(level, f"{level}{at}", mean + step) for level, each in means.items() for at, mean in enumerate(each)
            for step in (-0.05, 0.05)]  # fmt: skip
    (found,) = compare_groups(observed(*rows))
    expected = ttest_ind(means["b"], means["a"])
    assert (found.level.name, found.reference.name) == ("b", "a")
    assert found.difference == pytest.approx(0.62 - 0.275)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert found.freedom == 7
    assert (found.level.num_speakers, found.level.num_sessions, found.level.num_turns) == (5, 10, 100)
    assert (found.reference.num_speakers, found.reference.num_sessions, found.reference.num_turns) == (4, 8, 80)


def test_people_who_are_in_both_groups_are_compared_with_themselves() -> None:
    before, after = np.array([0.1, 0.5, -0.3, 0.7, 0.2]), np.array([0.3, 0.6, 0.0, 0.8, 0.5])
    rows = [(level, f"p{at}", value) for level, values in (("before", before), ("a day after", after))
            for at, value in enumerate(values)]  # fmt: skip
    (found,) = compare_groups(observed(*rows), reference="before")
    expected = ttest_rel(after, before)
    assert found.difference == pytest.approx(0.2)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-3)
    assert found.freedom == 4
    assert found.shared > 0.8  # people differ much more from each other than from themselves


def test_effect_is_the_difference_over_the_deviation_within_groups() -> None:
    rows = [(level, f"{level}{at}", shift + value) for level, shift in (("a", 0.0), ("b", 2.0))
            for at, value in enumerate([-1.0, 0.0, 1.0])]  # fmt: skip
    (found,) = compare_groups(observed(*rows))
    assert found.effect == pytest.approx(2.0, rel=1e-3)  # both deviations are 1


def test_three_groups_are_each_held_against_the_reference_and_corrected() -> None:
    random = np.random.default_rng(0)
    rows = [(level, f"{level}{at}", random.normal() + 2 * (level == "c")) for level in "abc" for at in range(6)]
    found = compare_groups(observed(*rows), reference="b", correction="holm")
    assert [(each.level.name, each.reference.name) for each in found] == [("a", "b"), ("c", "b")]
    smaller, larger = sorted(found, key=lambda each: each.p)
    assert smaller.p_corrected == pytest.approx(2 * smaller.p)
    assert larger.p_corrected >= larger.p


def test_two_people_in_a_group_are_not_enough() -> None:
    rows = [("a", "x", 0.1), ("a", "y", 0.2), *(("b", f"z{at}", at / 10) for at in range(5))]
    (found,) = compare_groups(observed(*rows))
    assert np.isnan([found.p, found.difference, found.effect]).all()
    assert found.note == (
        "not enough data: 3 participants in each group, or 4 in both, are needed; there are 2 in a and 5 in b, 0 of "
        "them in both"
    )
    assert found.reference.mean == pytest.approx(0.15)


def test_one_group_and_an_unknown_reference_are_errors() -> None:
    with pytest.raises(ConfigError, match="groups: two are needed to compare, there is only 'a'"):
        compare_groups(observed(("a", "x", 0.1)))
    with pytest.raises(ConfigError, match="reference 'c': no such group; they are a, b"):
        compare_groups(observed(("a", "x", 0.1), ("b", "y", 0.1)), reference="c")


def test_values_that_are_all_the_same_do_not_differ() -> None:
    rows = [(level, f"{level}{at}", 0.5) for level in "ab" for at in range(4)]
    (found,) = compare_groups(observed(*rows))
    assert (found.difference, found.p, found.effect) == (pytest.approx(0), 1.0, 0.0)


@pytest.mark.parametrize("design", ["between", "within"])
def test_p_is_uniform_where_groups_do_not_differ(design: str) -> None:
    p_values = group_p_values(150, design, num_people=8)
    assert share_below(p_values, 0.05) == pytest.approx(0.05, abs=0.045)
    assert share_below(p_values, 0.5) == pytest.approx(0.5, abs=0.11)
