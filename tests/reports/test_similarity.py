from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from pipeline.sessions import Session
from reports.similarity import MOST_SESSIONS, Similarity, session_similarity
from tests.sessions import make_session


def sounding(session: Session, embeddings: np.ndarray) -> Session:
    """The session with other embeddings of its scored turns."""
    everything = np.where(session.turns["scored"].to_numpy()[:, None], embeddings, np.nan)
    return replace(session, arrays=replace(session.arrays, embeddings=everything.astype(np.float32)))


def moved(session: Session, *, by: float) -> Session:
    """The session with the first speaker's embeddings shifted along one axis."""
    embeddings = session.arrays.embeddings.copy()
    embeddings[session.turns["speaker"] == "SPEAKER_00", 0] += by
    return sounding(session, embeddings)


def test_p_is_uniform_where_sessions_do_not_differ() -> None:
    found = []
    for seed in range(80):
        sizes = (32, 64)  # unequal, so that a centre that knew whose turns are whose would show
        pair = [make_session(size, seed=2 * seed + index, unscored=None) for index, size in enumerate(sizes)]
        found.append(session_similarity(pair, "Anna").p_value[0, 1])
    known = np.array(found)[np.isfinite(found)]
    assert len(known) > 60
    assert np.mean(known) == pytest.approx(0.5, abs=0.1)
    assert np.mean(known <= 0.2) == pytest.approx(0.2, abs=0.12)


def test_a_session_that_differs_is_found() -> None:
    sessions = [make_session(60, seed=seed) for seed in range(4)]
    found = session_similarity([*sessions[:3], moved(sessions[3], by=4.0)], "Anna")
    assert found.p_value[0, 3] < 0.01  # of 924 ways to shuffle twelve blocks
    assert found.cosine[0, 3] < found.floor[0, 3]
    assert found.differing() == [(0, 3), (1, 3), (2, 3)]


def test_sessions_that_sound_alike_reach_floor_and_halves() -> None:
    random = np.random.default_rng(0)
    sessions = []
    for seed in range(3):
        session = make_session(40, seed=seed)
        people = np.where((session.turns["speaker"] == "SPEAKER_00").to_numpy()[:, None], 3.0, -3.0)
        sessions.append(sounding(session, people + random.normal(size=(40, 16))))
    found = session_similarity(sessions, "Anna")
    assert found.cosine[np.triu_indices(3, 1)].min() > 0.95
    assert found.cosine.diagonal().min() > 0.9  # halves are noisier
    assert found.floor[0, 1] == pytest.approx(found.cosine[0, 1], abs=0.02)
    assert np.isnan(found.floor.diagonal()).all() and np.isnan(found.p_value.diagonal()).all()
    assert found.raw.diagonal().tolist() == [1.0, 1.0, 1.0]
    assert found.cosine.tolist() == found.cosine.T.tolist()


def test_two_sessions_of_two_speakers_are_enough() -> None:
    found = session_similarity([make_session(16), make_session(16, seed=1)], "Anna")
    assert found.enough
    assert np.isfinite(found.cosine).all()


def test_two_voices_alone_cannot_be_compared() -> None:
    alone = [make_session(12, seed=seed, participants=("Anna",), roles=("client",)) for seed in range(2)]
    found = session_similarity(alone, "Anna")
    assert not found.enough
    assert found.left_out == ("two voices alone have nothing to be compared with; a third session is needed",)
    assert session_similarity([*alone, make_session(12, seed=2)], "Anna").enough


def test_turns_without_embeddings_do_not_count() -> None:
    holes = make_session(16)
    embeddings = holes.arrays.embeddings.copy()
    embeddings[:12] = np.nan
    found = session_similarity([sounding(holes, embeddings), make_session(16, seed=1)], "Anna")
    assert found.left_out == ("2026-03-02 (1): 2 turns have embeddings, at least 4 are needed",)


def test_sessions_without_any_embeddings_are_left_out() -> None:
    bare = [replace(make_session(16, seed=seed), arrays=replace(make_session(1).arrays, embeddings=np.zeros((16, 0))))
            for seed in range(2)]  # fmt: skip
    found = session_similarity(bare, "Anna")
    assert not found.enough
    assert "0 turns have embeddings" in found.left_out[0]


def test_a_stranger_has_no_sessions() -> None:
    found = session_similarity([make_session(16)], "Nobody")
    assert (found.sessions, found.left_out, found.differing()) == ((), (), [])


def test_of_very_many_sessions_the_last_are_compared() -> None:
    day = datetime.date(2026, 1, 1)
    sessions = [
        make_session(9, seed=seed, unscored=None, date=day + datetime.timedelta(seed))
        for seed in range(MOST_SESSIONS + 2)
    ]
    found = session_similarity(sessions, "Anna")
    assert [session.id for session in found.sessions] == [session.id for session in sessions[2:]]
    assert found.left_out == ("the first 2 sessions: only the last 24 are compared",)


def test_differing_pairs_follow_benjamini_and_hochberg() -> None:
    # Six p-values in order against 0.05 / 6 times their rank: 0.0083, 0.0167, 0.025, ...; the third passes and takes
    # the second along, which fails its own limit.
    p = np.full((4, 4), np.nan)
    p[np.triu_indices(4, 1)] = [0.005, 0.5, 0.02, 0.6, 0.024, 0.7]
    found = Similarity("Anna", tuple(make_session(4, seed=seed) for seed in range(4)), p, p, p, p)
    assert found.differing() == [(0, 1), (0, 3), (1, 3)]


def test_pairs_without_turns_enough_for_p_are_not_judged() -> None:
    found = session_similarity([make_session(16, seed=seed) for seed in range(3)], "Anna")
    assert np.isfinite(found.cosine).all()
    assert (found.judged, found.differing()) == ([], [])
