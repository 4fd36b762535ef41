from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from diarization.errors import ConfigError
from reports.between.corrections import corrected

# The fifteen p-values of Benjamini and Hochberg (1995), section 3.2; they reject four at a false discovery rate of
# 0.05, and Bonferroni's three.
NEUHAUS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0
]  # fmt: skip


def test_benjamini_and_hochberg_reject_four_of_their_own_example() -> None:
    assert (corrected(NEUHAUS) <= 0.05).sum() == 4
    assert corrected(NEUHAUS)[3] == pytest.approx(15 / 4 * 0.0095)


def test_holm_rejects_three_of_it() -> None:
    assert (corrected(NEUHAUS, "holm") <= 0.05).sum() == 3
    assert corrected(NEUHAUS, "holm")[:3].tolist() == pytest.approx([0.0015, 0.0056, 0.0247])


@pytest.mark.parametrize(("ours", "theirs"), [("benjamini-hochberg", "fdr_bh"), ("holm", "holm")])
def test_corrections_are_those_of_statsmodels(ours: str, theirs: str) -> None:
    shuffled = np.random.default_rng(0).permutation([*NEUHAUS, 0.0019, 0.5])
    assert corrected(shuffled, ours).tolist() == pytest.approx(multipletests(shuffled, method=theirs)[1].tolist())


def test_tests_that_were_not_made_do_not_count() -> None:
    found = corrected([0.01, np.nan, 0.04])
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == pytest.approx([0.02, 0.04])
    assert np.isnan(corrected([np.nan])).all()
    assert corrected([]).tolist() == []


def test_an_unknown_correction_is_named() -> None:
    with pytest.raises(ConfigError, match="correction 'bonferoni': there is none of that name; they are benjamini"):
        corrected([0.5], "bonferoni")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_no_correction_makes_p_smaller_and_holm_is_the_stricter(p_values: list[float]) -> None:
    by_rate, by_any = corrected(p_values), corrected(p_values, "holm")
    assert (by_rate >= np.array(p_values) - 1e-12).all()
    assert (by_any >= by_rate - 1e-12).all()
    assert corrected(p_values, "none").tolist() == p_values
