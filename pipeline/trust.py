"""What a reader of a session should know of how far its emotions can be trusted, a sentence each."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion.readout import UNCERTAIN

from .sessions import Session


def trust_notes(session: Session) -> list[str]:
    """On calibration, turns left uncertain, probability that names no emotion, and values that are not derived."""
    scored = session.turns[session.turns["scored"]]
    if scored.empty:
        return []
    return [*_calibration(session.provenance), *_uncertain(session), *_unnamed(session), *_underived(session)]


def unnamed_share(session: Session) -> float | None:
    """The share of the scored time's probability on ``other`` and ``unknown``; None where the scheme has neither."""
    scored = session.turns[session.turns["scored"]]
    columns = [f"score_{label}" for label in session.scheme.labels if label in ("other", "unknown")]
    if not columns or scored.empty:
        return None
    durations = (scored["end"] - scored["start"]).to_numpy(np.float64)
    return float(durations @ scored[columns].sum(axis=1).to_numpy() / durations.sum())


def _calibration(provenance: dict[str, Any]) -> list[str]:
    known = provenance.get("calibration")
    if not known:
        return []
    basis = f", measured on {known['num_clips']} clips" if known.get("num_clips") else ""
    people = f" of {known['num_speakers']} speakers" if known.get("num_speakers") else ""
    return [f"Scores are calibrated with '{known['name']}' (temperature {known['temperature']:.2f}{basis}{people})."]


def _uncertain(session: Session) -> list[str]:
    count, of = int((session.turns["emotion"] == UNCERTAIN).sum()), int(session.turns["scored"].sum())
    if not count:
        return []
    verb = "is" if count == 1 else "are"
    return [
        f"{count} of {of} scored turns {verb} uncertain: no emotion stands out clearly enough to be named. Shares and "
        "averages count them by their scores."
    ]


def _unnamed(session: Session) -> list[str]:
    share = unnamed_share(session)
    if share is None:
        return []
    shown = f"{share:.0%}" if share >= 0.005 or share == 0 else "under 1%"
    return [f"{shown} of the probability lies on other and unknown, which name no emotion."]


def _underived(session: Session) -> list[str]:
    missing = session.scheme.without_norms
    if not missing:
        return []
    return [
        f"Valence and arousal are not derived, as the labels {', '.join(missing)} have no norms; give them to turntone "
        "train-head to have them."
    ]
