from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.distance import cdist, jensenshannon

from reports.between.case_turns import CaseTurns, SessionTurns
from reports.between.likeness import InBlocks, compare_all, compare_pair, split_halves
from reports.between.simulation import likeness_p_values, share_below
from reports.between.voice_blocks import Voice
from reports.similarity import similarity_steps
from tests.sessions import make_session

from ..tables import session_of, turn


def own_turns(num_turns: int, seed: int = 0, dimension: int = 16) -> SessionTurns:
    session = make_session(2 * num_turns, seed=seed, dimension=dimension, unscored=None)
    return CaseTurns([session]).of("Anna").sessions[0]


def voice(*points: float) -> Voice:
    """Turns of two seconds whose embeddings lie on a line."""
    session = session_of([turn(3 * at, 3 * at + 2) for at, _ in enumerate(points)])
    session.arrays.embeddings[:, 0] = points
    return Voice.of(CaseTurns([session]).of("A").sessions[0], np.zeros(4))


def test_the_energy_distance_of_a_line_by_hand() -> None:
    # 0, 0, 1, 1 against 2, 2, 3, 3: between them (2 + 3 + 1 + 2) / 4 = 2; within each 8 of the 12 ordered pairs of
    # turns lie 1 apart, 2/3; so 1 - (2/3 + 2/3) / (2 * 2) = 2/3.
    found = compare_pair(voice(0, 0, 1, 1), voice(2, 2, 3, 3), np.zeros(4), 1)["energy_distance"]
    assert found.value == pytest.approx(2 / 3)


def test_values_are_those_of_scipy() -> None:
    ours, theirs = own_turns(30), own_turns(50, seed=1)
    centre = np.linspace(-0.1, 0.1, 16)
    found = compare_pair(Voice.of(ours, np.full(16, 0.1)), Voice.of(theirs, np.full(16, 0.1)), centre - 0.1, 1)
    shares = [own.durations @ own.scores for own in (ours, theirs)]
    assert found["emotion_distance"].value == pytest.approx(jensenshannon(*shares, base=2))
    x, y = (own.embeddings.astype(float) for own in (ours, theirs))
    within = cdist(x, x).sum() / (30 * 29) + cdist(y, y).sum() / (50 * 49)
    assert found["energy_distance"].value == pytest.approx(1 - within / (2 * cdist(x, y).mean()), abs=1e-5)
    one, other = x.mean(axis=0) - centre, y.mean(axis=0) - centre
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert found["cosine"].value == pytest.approx(cosine, abs=1e-4)


def test_opposite_and_equal_emotions_lie_as_far_apart_as_can_be_and_not_at_all() -> None:
    def only(emotion: str) -> Voice:
        session = session_of([turn(3 * at, 3 * at + 2, scores={emotion: 1.0}) for at in range(8)])
        return Voice.of(CaseTurns([session]).of("A").sessions[0], np.zeros(4))

    apart = compare_pair(only("sad"), only("happy"), np.zeros(4), 1)["emotion_distance"]
    same = compare_pair(only("sad"), only("sad"), np.zeros(4), 1)["emotion_distance"]
    assert (apart.value, apart.low, apart.high) == (1, 1, 1)
    assert same.value == 0


def test_long_turns_count_for_more_in_the_emotions_of_a_session() -> None:
    def mixed(seconds: float) -> Voice:
        rows = [turn(9 * at, 9 * at + seconds, scores={"sad": 1.0}) for at in range(4)]
        rows += [turn(60 + 9 * at, 61 + 9 * at, scores={"happy": 1.0}) for at in range(4)]
        return Voice.of(CaseTurns([session_of(rows)]).of("A").sessions[0], np.zeros(4))

    found = compare_pair(mixed(1), mixed(3), np.zeros(4), 1)["emotion_distance"]
    assert found.value == pytest.approx(jensenshannon([0.5, 0.5], [0.75, 0.25], base=2))


def test_halves_of_one_session_are_the_noise_floor() -> None:
    noise = split_halves(Voice.of(own_turns(60), np.zeros(16)), np.full(16, -3.0))
    assert noise["cosine"] > 0.95
    assert noise["energy_distance"] == pytest.approx(0, abs=0.02)
    assert 0 < noise["emotion_distance"] < 0.3


def test_each_session_is_compared_with_the_one_before_it() -> None:
    sessions = [make_session(40, seed=seed) for seed in range(3)]
    first, second = similarity_steps(sessions, "Anna")
    assert [first.earlier.id, first.later.id, second.later.id] == [each.id for each in sessions]
    assert first.num_turns == 20
    assert set(first.ways) == {"cosine", "energy_distance", "emotion_distance"}
    assert -1 <= first.raw <= 1
    assert similarity_steps(sessions[:1], "Anna") == ()


@pytest.mark.parametrize(("alike", "sizes"), [(0.0, (20, 40)), (0.3, (30, 40))])
def test_p_is_uniform_where_sessions_do_not_differ_however_alike_neighbours_are(
    alike: float, sizes: tuple[int, int]
) -> None:
    for p_values in likeness_p_values(150, sizes, alike).values():
        known = np.array(p_values)[np.isfinite(p_values)]
        assert len(known) > 100
        assert share_below(known, 0.05) <= 0.05 + 0.055
        assert np.mean(known) == pytest.approx(0.5, abs=0.1)


def test_too_few_turns_have_values_and_no_p() -> None:
    found = compare_pair(voice(0, 0, 1, 1), voice(2, 2, 3, 3), np.zeros(4), 1)["energy_distance"]
    assert np.isfinite([found.value, found.floor, found.low, found.high]).all()
    assert np.isnan(found.p)


def test_pairs_compared_at_once_are_compared_as_each_alone() -> None:
    voices = [Voice.of(own_turns(size, seed=seed), np.zeros(16)) for seed, size in enumerate((20, 30, 45, 20, 31))]
    centre = np.full(16, 0.1)
    pairs = [InBlocks.of(one, other, centre, 1) for one, other in pairwise(voices)]
    for pair, together in zip(pairs, compare_all(pairs), strict=True):
        (alone,) = compare_all([pair])
        for way, found in together.items():
            assert astuple(found) == pytest.approx(astuple(alone[way]), abs=1e-12)
