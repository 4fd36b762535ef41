from __future__ import annotations

import numpy as np
import pytest

from reports.between.turn_map import MOST_TURNS, turn_map
from tests.sessions import make_session

from ..test_similarity import moved


def test_turns_that_differ_lie_apart_and_the_map_is_the_same_twice() -> None:
    sessions = [make_session(60), moved(make_session(60, seed=1), by=30.0)]
    found = turn_map(sessions, "Anna")
    assert found.method == "umap"
    assert found.num_known == len(found.turns) == 60
    assert list(found.turns.columns) == ["session", "turn", "start", "emotion", "x", "y"]
    places = found.turns.groupby("session")[["x", "y"]]
    apart = np.linalg.norm(places.mean().diff().iloc[1])
    assert apart > 2 * places.std().to_numpy().max()
    assert 0.6 < found.trustworthiness <= 1
    assert turn_map(sessions, "Anna").turns.equals(found.turns)


def test_few_turns_are_laid_out_by_principal_components() -> None:
    found = turn_map([make_session(40)], "Anna")
    assert found.method == "pca"
    assert found.turns[["x", "y"]].mean().tolist() == pytest.approx([0, 0], abs=1e-9)
    assert found.turns["x"].std() >= found.turns["y"].std()
    first = make_session(40).turns.iloc[found.turns["turn"]]
    assert found.turns["start"].tolist() == first["start"].tolist()


def test_without_turns_there_is_no_map() -> None:
    found = turn_map([make_session(6)], "Anna")
    assert (found.method, found.num_known, len(found.turns)) == ("none", 0, 0)
    assert np.isnan(found.trustworthiness)


def test_embeddings_that_are_all_the_same_are_one_point() -> None:
    session = make_session(80, unscored=None)
    session.arrays.embeddings[:] = 1.0
    found = turn_map([session], "Anna")
    assert found.turns[["x", "y"]].to_numpy() == pytest.approx(0)
    assert len(found.turns) <= MOST_TURNS
