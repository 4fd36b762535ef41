"""Label Studio: tasks with the machine's answers as predictions, and the project's labelling interface."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from .names import names_of
from .tables import facts_of

if TYPE_CHECKING:
    from pipeline.sessions import Session

SPEAKERS, EMOTION, AUDIO, TEXT = "speaker", "emotion", "audio", "text"
"""The names that the interface gives to its controls and its sound."""

_ABSTAINED = "uncertain"


def label_studio_files(sessions: Sequence[Session], labels: bool) -> dict[str, bytes]:
    """``.json`` with a task a session, ``.xml`` with the interface to paste into the project's settings."""
    tasks = [task_of(session, labels) for session in sessions]
    speakers = dict.fromkeys(name for session in sessions for name in names_of(session, labels).values())
    emotions = dict.fromkeys(label for session in sessions for label in session.scheme.labels)
    heard = [*emotions, *([] if _ABSTAINED in emotions else [_ABSTAINED])]
    interface = interface_of(list(speakers), heard, any(session.turns["text"].any() for session in sessions))
    return {
        ".json": (json.dumps(tasks, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode(),
        ".xml": interface.encode(),
    }


def task_of(session: Session, labels: bool = False) -> dict[str, Any]:
    """One session as a task: its sound, and a region a turn with speaker and emotion as a prediction.

    The machine's answers stand in ``data.machine`` too, by the region's id, since Label Studio gives the data back as
    it was, whatever becomes of the predictions.
    """
    names = names_of(session, labels)
    rows = session.turns.to_dict("records")
    machine = {_region(session, number): _machine(row, names) for number, row in enumerate(rows)}
    results = [result for region, own in machine.items() for result in _results(region, own, session)]
    confidences = [own["confidence"] for own in machine.values() if own["confidence"] is not None]
    return {
        "data": {
            AUDIO: f"/data/local-files/?d={quote(str(session.recording.path.absolute()).lstrip('/'))}",
            "path": str(session.recording.path.absolute()),
            **facts_of(session),
            "machine": machine,
        },
        "predictions": [
            {
                "model_version": "turntone",
                "score": round(sum(confidences) / len(confidences), 6) if confidences else 0.0,
                "result": results,
            }
        ],
    }


def interface_of(speakers: Sequence[str], emotions: Sequence[str], texts: bool = False) -> str:
    """The labelling interface as XML: a label a speaker, for each region one emotion and, if wanted, what is said."""
    lines = [
        "<View>",
        f'  <Audio name="{AUDIO}" value="${AUDIO}"/>',
        f'  <Labels name="{SPEAKERS}" toName="{AUDIO}">',
        *(f"    <Label value={quoteattr(speaker)}/>" for speaker in speakers),
        "  </Labels>",
        f'  <Choices name="{EMOTION}" toName="{AUDIO}" choice="single" perRegion="true">',
        *(f"    <Choice value={quoteattr(emotion)}/>" for emotion in emotions),
        "  </Choices>",
        *([f'  <TextArea name="{TEXT}" toName="{AUDIO}" perRegion="true" editable="true"/>'] if texts else []),
        "</View>",
        "",
    ]
    return "\n".join(lines)


def _region(session: Session, number: int) -> str:
    return f"{session.id}-{number:04d}"


def _machine(row: dict[Any, Any], names: dict[str, str]) -> dict[str, Any]:
    scored = bool(row["scored"])
    return {
        "start": round(float(row["start"]), 3),
        "end": round(float(row["end"]), 3),
        "speaker": names[row["speaker"]],
        "emotion": row["emotion"] if scored else None,
        "confidence": round(float(row["confidence"]), 6) if scored else None,
    } | ({TEXT: row["text"]} if row["text"] else {})


def _results(region: str, own: dict[str, Any], session: Session) -> list[dict[str, Any]]:
    times = {"start": own["start"], "end": own["end"], "channel": 0}
    shared = {"id": region, "to_name": AUDIO, "original_length": round(session.recording.duration, 3)}
    speaker = shared | {"from_name": SPEAKERS, "type": "labels", "value": times | {"labels": [own["speaker"]]}}
    field = shared | {"from_name": TEXT, "type": "textarea"}
    said = [field | {"value": times | {"text": [own[TEXT]]}}] if TEXT in own else []
    if own["emotion"] is None:
        return [speaker, *said]
    choice = shared | {"from_name": EMOTION, "type": "choices", "value": times | {"choices": [own["emotion"]]}}
    return [speaker, choice | {"score": own["confidence"]}, *said]
