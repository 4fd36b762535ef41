from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.sessions import Session
from reports.measures import measure_session
from reports.measures.entrainment import proximity

from ..tables import session_of, turn

NAMES = ["entrainment_proximity", "entrainment_convergence", "entrainment_synchrony"]


def spoken(asked: np.ndarray, answered: np.ndarray) -> Session:
    """A asks, B answers; pitch as given, the level the same throughout, the rate not known."""
    session = session_of(
        [turn(5.0 * at, 5.0 * at + 4, "AB"[at % 2]) for at in range(2 * len(asked))], 10.0 * len(asked)
    )
    pitch = np.column_stack([asked, answered]).ravel()
    voices = np.column_stack([pitch, np.full(len(pitch), -20.0), np.full(len(pitch), np.nan)]).astype(np.float32)
    return replace(session, arrays=replace(session.arrays, voices=voices))


def pitch_of(session: Session) -> pd.DataFrame:
    """B's entrainment to A in pitch, by measure."""
    table = measure_session(session, NAMES)
    return table[(table["speaker"] == "B") & (table["key"] == "pitch")].set_index("measure")


def test_proximity_by_hand() -> None:
    value, chance, p = proximity(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    assert (value, chance, p) == pytest.approx((1 / 3, (1 / 3 + 5 / 3 + 5 / 3) / 3, 1 / 3))


def test_one_who_follows_in_pitch_is_near_and_in_synchrony() -> None:
    random = np.random.default_rng(0)
    asked = random.normal(18, 2, 60)
    found = pitch_of(spoken(asked, asked + 0.5 * random.normal(size=60)))
    assert found.loc["entrainment_proximity", "value"] < found.loc["entrainment_proximity", "chance"] / 2
    assert found.loc["entrainment_synchrony", "value"] > 0.9
    assert (found.loc[NAMES[::2], "p"] < 0.05).all()


def test_those_who_come_nearer_converge() -> None:
    random = np.random.default_rng(1)
    apart = np.linspace(8, 0, 60) + 0.3 * random.normal(size=60)
    found = pitch_of(spoken(random.normal(18, 0.1, 60), 18 + apart))
    assert found.loc["entrainment_convergence", "value"] > 0.9
    assert found.loc["entrainment_convergence", "p"] < 0.05


def test_without_entrainment_p_is_uniform() -> None:
    from scipy.stats import kstest

    random = np.random.default_rng(2)
    found = [pitch_of(spoken(random.normal(size=30), random.normal(size=30))) for _ in range(60)]
    for name in NAMES:
        assert kstest([each.loc[name, "p"] for each in found], "uniform").pvalue > 0.01, name


def test_what_is_not_known_or_does_not_vary_has_no_value() -> None:
    table = measure_session(spoken(np.arange(30.0), np.arange(30.0)), NAMES)
    rate = table[(table["speaker"] == "B") & (table["key"] == "rate")]
    assert set(rate["n"]) == {0}
    assert rate["note"].str.startswith("not enough data").all()
    level = table[(table["key"] == "level") & (table["measure"] == "entrainment_synchrony")]
    assert level["value"].isna().all()
