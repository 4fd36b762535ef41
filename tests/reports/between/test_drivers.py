"""Which turns drive how alike two sessions sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reports.between.drivers import driving_turns
from reports.similarity import session_similarity
from tests.sessions import make_session

SESSIONS = [make_session(16, seed=seed) for seed in (0, 1, 2)]
IDS = [session.id for session in SESSIONS]


def test_an_influence_is_what_the_cosine_loses_without_the_turn() -> None:
    found = driving_turns(SESSIONS, "Anna", IDS[0], IDS[1])
    row = found.iloc[2]
    before = session_similarity(SESSIONS, "Anna").cosine[0, 1]
    embeddings = SESSIONS[0].arrays.embeddings.copy()
    embeddings[int(row["turn"])] = np.nan
    fewer = replace(SESSIONS[0], arrays=replace(SESSIONS[0].arrays, embeddings=embeddings))
    after = session_similarity([fewer, *SESSIONS[1:]], "Anna").cosine[0, 1]
    # What everybody sounds like moves a little with the turn as well, so the two agree but roughly.
    assert row["influence"] == pytest.approx(before - after, abs=0.06)


def test_a_turn_that_points_away_from_the_other_session_makes_them_unlike() -> None:
    turn = 4  # Anna's
    other = np.nanmean(SESSIONS[1].arrays.embeddings[::2], axis=0)
    embeddings = SESSIONS[0].arrays.embeddings.copy()
    embeddings[turn] = -20 * other
    odd = replace(SESSIONS[0], arrays=replace(SESSIONS[0].arrays, embeddings=embeddings))
    found = driving_turns([odd, *SESSIONS[1:]], "Anna", IDS[0], IDS[1])
    least = found[found["session"] == IDS[0]].sort_values("influence").iloc[0]
    assert least["turn"] == turn
    assert least["influence"] < -0.1


def test_every_turn_with_an_embedding_has_a_row_in_its_session() -> None:
    found = driving_turns(SESSIONS, "Ben", IDS[2], IDS[0])
    assert list(dict.fromkeys(found["session"])) == [IDS[2], IDS[0]]
    assert list(found.loc[found["session"] == IDS[0], "turn"]) == [1, 5, 7, 9, 11, 13, 15]  # turn 3 is not scored


@pytest.mark.parametrize(("one", "other"), [(IDS[0], IDS[0]), (IDS[0], "nowhere")])
def test_what_cannot_be_compared_has_no_turns(one: str, other: str) -> None:
    assert driving_turns(SESSIONS, "Anna", one, other).empty
