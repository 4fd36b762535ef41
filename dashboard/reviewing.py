"""What the page of a review needs of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emotion.readout import UNCERTAIN
from pipeline.cuts import CUTS
from pipeline.masking import MASKED
from pipeline.reviews import FIELDS
from reports.agreement import agreement
from reports.palette import emotion_colours, speaker_colours

if TYPE_CHECKING:
    from pipeline.corrections import Steps
    from pipeline.sessions import Session


def review_json(session: Session, steps: Steps) -> dict[str, Any]:
    """The turns in the order in which to look at them, who and what they may be, and how far the two agree."""
    names = {label: session.name_of(label) for label in session.speakers["label"]}
    rows = [_turn(session, names, turn, row) for turn, row in enumerate(session.turns.to_dict("records"))]
    people, emotions = speaker_colours(session), emotion_colours(session.scheme)
    hidden = {row["speaker"] for row in rows if (row["reason"] or "").startswith(MASKED)}
    return {
        "session": session.id,
        "turns": sorted(rows, key=lambda row: (row["masked"], row["sure"], row["turn"])),
        "speakers": [
            {"label": label, "name": names[label], "colour": people[label], "masked": label in hidden}
            for label in session.speakers["label"]
        ],
        "emotions": [{"label": label, "colour": emotions[label]} for label in session.scheme.labels],
        "steps": steps.to_json(),
        "agreement": [each.to_json() for each in agreement([session])],
    }


def _turn(session: Session, names: dict[str, str], turn: int, row: dict[Any, Any]) -> dict[str, Any]:
    review = session.reviews.get(turn)
    machine = review.to_json() if review else {name: _plain(row[name]) for name in _MACHINE}
    scores = (
        {label: round(float(row[f"score_{label}"]), 4) for label in session.scheme.labels} if row["scored"] else None
    )
    return {
        "turn": turn,
        **{name: _plain(row[name]) for name in ("start", "end", "speaker", "emotion", "scored", "reason", "text")},
        "name": names[row["speaker"]],
        "machine": machine | {"name": names[machine["speaker"]]},
        "scores": scores,
        "reviewed": [each for each in review.fields if each in FIELDS] if review else [],
        "cuts": [each for each in review.fields if each in CUTS] if review else [],
        "sure": _sure(machine, bool(row["scored"])),
        "masked": (row["reason"] or "").startswith(MASKED),
    }


_MACHINE = ("speaker", "emotion", "speaker_confidence", "confidence")


def _sure(machine: dict[str, Any], scored: bool) -> float:
    """How sure the machine was, 0 to 1: of speaker or emotion, whichever is less; an uncertain emotion counts half."""
    speaker = machine["speaker_confidence"]
    emotion = machine["confidence"] if scored and machine["confidence"] is not None else 1.0
    return round(
        min(1.0 if speaker is None else speaker, emotion / 2 if machine["emotion"] == UNCERTAIN else emotion), 4
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
