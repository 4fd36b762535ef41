from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diarization.identity_matching import MOST_CANDIDATES, best_pairing, match_speakers, pair_probabilities

shapes = st.tuples(st.integers(1, 4), st.integers(1, 4))
weights = shapes.flatmap(
    lambda shape: arrays(float, shape, elements=st.one_of(st.floats(-8, 8, width=32), st.just(-np.inf)))
)


def pairings(shape: tuple[int, ...]) -> list[tuple[int | None, ...]]:
    """All ways of giving each speaker a participant or nobody, no participant twice."""
    choices = product([None, *range(shape[1])], repeat=shape[0])
    return [each for each in choices if len({*each} - {None}) == sum(one is not None for one in each)]


def weight(pairing: tuple[int | None, ...], weights: np.ndarray) -> float:
    return float(sum(weights[speaker, one] for speaker, one in enumerate(pairing) if one is not None))


@given(weights)
def test_the_pairing_is_as_good_as_the_best_of_all(weights: np.ndarray) -> None:
    best = max(weight(each, weights) for each in pairings(weights.shape))
    found = best_pairing(weights)
    assert tuple(found) in pairings(weights.shape)
    assert weight(tuple(found), weights) == pytest.approx(best)


@given(weights)
def test_probabilities_are_those_of_all_pairings_together(weights: np.ndarray) -> None:
    every = pairings(weights.shape)
    likely = np.exp([weight(each, weights) for each in every])
    expected = np.zeros(weights.shape)
    for each, share in zip(every, likely / likely.sum(), strict=True):
        for speaker, participant in enumerate(each):
            if participant is not None:
                expected[speaker, participant] += share
    assert pair_probabilities(weights) == pytest.approx(expected, abs=1e-9)


def test_one_speaker_and_one_participant_by_hand() -> None:
    (match,) = match_speakers(np.array([[np.log(9.0)]]), stranger=0.5)  # nine to one, before it one to one
    assert match is not None
    assert match.probability == pytest.approx(0.9)


def test_two_speakers_of_one_participant_by_hand() -> None:
    first, second = match_speakers(np.log([[8.0], [2.0]]), stranger=0.5)  # nobody 1, the first 8, the second 2
    assert first is not None
    assert first.probability == pytest.approx(8 / 11)
    assert second is None


def test_a_voice_like_nobodys_is_nobodys() -> None:
    assert match_speakers(np.array([[-3.0, -4.0]]), stranger=0.5) == [None]


def test_what_cannot_be_compared_does_not_match() -> None:
    assert match_speakers(np.array([[np.nan]]), stranger=0.5) == [None]
    assert match_speakers(np.zeros((2, 0)), stranger=0.5) == [None, None]
    assert match_speakers(np.zeros((0, 2)), stranger=0.5) == []


def test_many_participants_take_no_longer_than_a_few() -> None:
    evidence = np.full((3, 500), -5.0)
    evidence[1, 444] = 12.0
    found = match_speakers(evidence, stranger=0.5)
    assert found[0] is None
    assert found[1] is not None
    assert (found[1].participant, found[1].probability > 0.99) == (444, True)
    assert MOST_CANDIDATES == 12
