"""Scores sessions again where their calibration has changed: from the scores stored, without audio or models."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, select, update

from diarization.errors import ConfigError, ModelError
from emotion.calibration import Calibration, scaled
from emotion.heads import Head
from emotion.readout import Readout
from emotion.recognizers import EmotionConfig

from ..own_models import OwnModels
from ..scoring import told
from .models import SESSIONS, TURNS
from .rows import null, plain, scheme_of
from .writing import now

_TOLD = ("emotion", "confidence", "valence", "arousal", "reason")


def stored_readout(row: RowMapping, own: OwnModels) -> Readout | None:
    """The readout that a sessions row was scored with; None where its head is not here any more.

    Bounds that an older session does not name are those of today.
    """
    config, named = _settings(row), row["models"].get("recognizer", {}).get("head")
    head = _head(named, row, own) if named else None
    if named and head is None:
        return None
    return Readout.of(scheme_of(row), config, temperature_of(row), head)


def temperature_of(row: RowMapping) -> float:
    """At which the scores of a sessions row are stored."""
    return float((row["provenance"].get("calibration") or {}).get("temperature", 1.0))


def recalibrate(connection: Connection, subject: Calibration, applied: Calibration | None) -> list[str]:
    """Score the sessions that a calibration is for again.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    subject : Calibration
        Whose models and labels the sessions must have.
    applied : Calibration or None
        What their scores are calibrated with from now on.

    Returns
    -------
    list of str
        Ids of the sessions that changed.
    """
    rows = connection.execute(select(SESSIONS).order_by(SESSIONS.c.id)).mappings().all()
    concerned = [row for row in rows if _is_for(subject, row)]
    for row in concerned:
        _score_again(connection, row, applied)
    return [row["id"] for row in concerned]


def _is_for(subject: Calibration, row: RowMapping) -> bool:
    """Whether its scores are of those models, and it follows the workspace's calibration or that very one."""
    uses = row["models"].get("recognizer", {}).get("uses", [])
    wanted = _emotion(row).get("calibration", "auto")
    return wanted in ("auto", subject.name) and subject.is_for(uses, row["labels"])


def _score_again(connection: Connection, row: RowMapping, applied: Calibration | None) -> None:
    readout = Readout.of(scheme_of(row), _settings(row), applied.temperature if applied else 1.0)
    before = temperature_of(row)
    own = TURNS.c.session_id == row["id"]
    for turn in connection.execute(select(TURNS).where(own)).mappings().all():
        if turn["scores"]:
            plainly = scaled(np.array(turn["scores"]), 1 / before)
            said = told(readout, plainly)
            values = {key: null(said[key]) for key in _TOLD} | {"scores": _scores(readout, said)}
            connection.execute(update(TURNS).where(own, TURNS.c.position == turn["position"]).values(values))
    provenance = row["provenance"] | {"calibration": plain(applied.brief()) if applied else None}
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == row["id"]).values(provenance=provenance, changed=now()))


def _scores(readout: Readout, said: dict[str, Any]) -> list[float]:
    return [said[f"score_{label}"] for label in readout.scheme.labels]


def _settings(row: RowMapping) -> EmotionConfig:
    known = _emotion(row)
    bounds = ("uncertain_below", "uncertain_margin")
    return EmotionConfig(**{key: known[key] for key in bounds if key in known})


def _emotion(row: RowMapping) -> dict[str, Any]:
    return dict((row["provenance"].get("config") or {}).get("emotion") or {})


def _head(named: str, row: RowMapping, own: OwnModels) -> Head | None:
    try:
        head = own.head(named)
    except (ConfigError, ModelError):
        return None
    return head if head.use == row["models"]["recognizer"]["uses"][-1] else None
