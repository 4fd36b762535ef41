"""What people said of turns, from Label Studio or single-clip folders, as a table to calibrate and train with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from diarization.errors import FormatError
from diarization.formats.checks import maybe_json, parsed_json
from diarization.formats.registry import decode, read_content

from .clips import RESULT, SOUND
from .label_studio import EMOTION, SPEAKERS

LABEL_COLUMNS = (
    "path", "session", "start", "end", "speaker", "emotion", "machine_speaker", "machine_emotion",
    "machine_confidence", "annotator",
)  # fmt: skip
"""Columns of a table of labels: ``emotion`` and ``speaker`` are a person's answer, ``machine_...`` the machine's."""


def is_label_studio(text: str) -> bool:
    """Whether a text is what Label Studio exports as JSON."""
    value = maybe_json(text)
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and isinstance(each.get("data"), dict) for each in value)
        and any("annotations" in each or "predictions" in each for each in value)
    )


def is_clips(folder: Path) -> bool:
    """Whether a folder holds results of single clips, at any depth."""
    return folder.is_dir() and next(folder.rglob(RESULT), None) is not None


def label_studio_labels(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The answers in a JSON export of Label Studio (not JSON-MIN), and sentences on what it does not say.

    Returns
    -------
    table : pd.DataFrame
        ``LABEL_COLUMNS``, one row a region that a person drew or confirmed, in order of time within each task.
    notes : list of str

    Raises
    ------
    FormatError
        Where the file is no such export, or a region has no times; the message names the place.
    """
    tasks = parsed_json(decode(read_content(path), path), str(path))
    if not isinstance(tasks, list):
        raise FormatError(f"{path}: a list of tasks is needed; export as JSON, not JSON-MIN")
    rows = [row for index, task in enumerate(tasks) for row in _task_rows(task, f"{path}: [{index}]")]
    answered = sum(bool(_annotations(task)) for task in tasks)
    notes = []
    if answered < len(tasks):
        notes.append(f"{len(tasks) - answered} of {len(tasks)} tasks are not annotated yet; they give no labels.")
    unmatched = sum(not row["machine_speaker"] for row in rows)
    if unmatched:
        notes.append(f"{unmatched} of {len(rows)} regions are a person's own; the machine has no answer for them.")
    return _table(rows), notes


def clip_labels(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """The results of single clips in a folder, at any depth, and sentences on what they do not say.

    A result whose emotion is not the one with the highest score was changed by a person: that is then the person's
    answer. Every other emotion is the machine's.

    Raises
    ------
    FormatError
        Where a result cannot be read; the message names the file.
    """
    rows = [_clip_row(path) for path in sorted(folder.rglob(RESULT))]
    corrected = sum(bool(row["emotion"]) for row in rows)
    return _table(rows), [
        f"{corrected} of {len(rows)} clips were corrected by a person; "
        "of the others only the machine's answer is known."
    ]


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(LABEL_COLUMNS))


def _annotations(task: Any) -> list[dict[str, Any]]:
    """A task's annotations that were not skipped."""
    listed = task.get("annotations") if isinstance(task, dict) else None
    return [each for each in listed or [] if isinstance(each, dict) and not each.get("was_cancelled")]


def _task_rows(task: Any, where: str) -> Iterator[dict[str, Any]]:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise FormatError(f"{where}: a task with 'data' is needed")
    data, machine = task["data"], _machine_answers(task)
    for number, annotation in enumerate(_annotations(task)):
        regions = _regions(annotation.get("result"), f"{where}.annotations[{number}]")
        for region, own in sorted(regions.items(), key=lambda pair: (pair[1]["start"], pair[1]["end"])):
            found = machine.get(region) or _nearest(own, machine.values())
            yield {
                "path": str(data.get("path") or data.get("audio") or ""),
                "session": str(data.get("session") or ""),
                **{key: own.get(key, "") for key in ("start", "end", "speaker", "emotion")},
                **{f"machine_{key}": found.get(key) or "" for key in ("speaker", "emotion")},
                "machine_confidence": found.get("confidence"),
                "annotator": _annotator(annotation.get("completed_by")),
            }


def _regions(results: Any, where: str) -> dict[str, dict[str, Any]]:
    """Times, speaker and emotion of each region, by its id."""
    regions: dict[str, dict[str, Any]] = {}
    for index, result in enumerate(results if isinstance(results, list) else []):
        place = f"{where}.result[{index}]"
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            raise FormatError(f"{place}: an object with 'value' is needed")
        if "start" not in value:
            continue  # an answer on the whole task, not on a region
        own = regions.setdefault(str(result.get("id", place)), {})
        own |= {key: _time(value, key, place) for key in ("start", "end")}
        for key, kind in (("labels", "speaker"), ("choices", "emotion")):
            listed = value.get(key)
            if isinstance(listed, list) and listed and result.get("from_name", kind) in (SPEAKERS, EMOTION, kind):
                own[kind] = str(listed[0])
    return regions


def _time(value: dict[str, Any], key: str, where: str) -> float:
    try:
        return float(value[key])
    except (KeyError, TypeError, ValueError):
        raise FormatError(f"{where}.value: '{key}' is not a number of seconds") from None


def _machine_answers(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the machine said of each region, by its id: from the task's data, else from its predictions."""
    known = task["data"].get("machine")
    if isinstance(known, Mapping):
        return {str(region): _plain(own) for region, own in known.items() if isinstance(own, Mapping)}
    answers: dict[str, dict[str, Any]] = {}
    for prediction in task.get("predictions") or []:
        if isinstance(prediction, dict):
            answers |= _regions(prediction.get("result"), "predictions")
    return answers


def _plain(own: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {key: None if own.get(key) is None else float(own[key]) for key in ("start", "end", "confidence")}
    return {"speaker": own.get("speaker"), "emotion": own.get("emotion"), **numbers}


def _nearest(own: dict[str, Any], machine: Any) -> dict[str, Any]:
    """The machine's region that shares most time with a person's; empty where none shares any."""

    def shared(other: dict[str, Any]) -> float:
        return float(min(own["end"], other["end"]) - max(own["start"], other["start"]))

    best = max(machine, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else {}


def _annotator(who: Any) -> str:
    if isinstance(who, dict):
        return str(who.get("email") or who.get("id") or "")
    return "" if who is None else str(who)


def _clip_row(path: Path) -> dict[str, Any]:
    try:
        result = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(result, dict) or "emotion" not in result:
        raise FormatError(f"{path}: an object with 'emotion' is needed")
    scores = result.get("scores")
    best = max(scores, key=lambda label: scores[label]) if isinstance(scores, dict) and scores else result["emotion"]
    emotion = str(result["emotion"] or "")
    sound = path.with_name(SOUND)
    return {
        "path": str(sound) if sound.is_file() else "",
        "session": str(result.get("session") or ""),
        "start": 0.0 if sound.is_file() else result.get("start"),
        "end": _duration(sound) if sound.is_file() else result.get("end"),
        "speaker": str(result.get("name") or result.get("speaker") or ""),
        "emotion": emotion if emotion and best and emotion not in (best, "uncertain") else "",
        "machine_speaker": str(result.get("name") or result.get("speaker") or ""),
        "machine_emotion": str(best or ""),
        "machine_confidence": scores.get(best) if isinstance(scores, dict) else result.get("confidence"),
        "annotator": "",
    }


def _duration(sound: Path) -> float:
    import soundfile

    return float(soundfile.info(str(sound)).duration)
