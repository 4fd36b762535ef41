"""What is known of recordings: who speaks when, with which emotions, and in what condition they are."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from diarization.audio import audio_suffixes
from diarization.diarizations import Diarization
from diarization.errors import FormatError
from diarization.formats.rttm import read_rttm
from diarization.segments import Segment
from pipeline.labels import known_label

Labelled: TypeAlias = list[tuple[Segment, str, str]]
"""Stretches with speaker and emotion."""


@dataclass(frozen=True)
class Truth:
    """What is known of a recording: who speaks when, with which emotions, and in what condition it is.

    ``case`` and ``date`` say of which series of sessions it is one, and on which day; None where that is not known.
    """

    diarization: Diarization
    emotions: Labelled
    condition: str
    case: str | None = None
    date: datetime.date | None = None


def read_truth(rttm: Path) -> Truth:
    """What is known of the recording that an RTTM file is of: from it, and from the JSON file beside it.

    Raises
    ------
    FormatError
        Where one of them cannot be read; see docs/evaluation.md.
    """
    path = rttm.with_suffix(".json")
    facts = _facts(path)
    turns = facts.get("turns") or []
    if not isinstance(turns, list):
        raise FormatError(f"{path}: 'turns' is {type(turns).__name__}, not a list; see docs/evaluation.md")
    emotions = [_true_turn(path, number, turn) for number, turn in enumerate(turns, 1)]
    known = sorted(each for each in emotions if each is not None)
    case, date = facts.get("case"), _date(path, facts.get("date"))
    return Truth(read_rttm(rttm), known, str(facts.get("condition") or ""), str(case) if case else None, date)


def _date(path: Path, text: Any) -> datetime.date | None:
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise FormatError(f"{path}: date '{text}' is no day; write it as 2026-03-02") from None


def _true_turn(path: Path, number: int, turn: Any) -> tuple[Segment, str, str] | None:
    """One of the truth's turns; None where its emotion is not known."""
    try:
        if not turn.get("emotion"):
            return None
        return Segment(float(turn["start"]), float(turn["end"])), str(turn["speaker"]), known_label(turn["emotion"])
    except KeyError as error:
        reason = f"it has no {error}"
    except (AttributeError, TypeError, ValueError) as error:
        reason = str(error)
    raise FormatError(
        f"{path}: turn {number} cannot be read ({reason}); it needs start and end in seconds, speaker and emotion, see "
        "docs/evaluation.md"
    )


def _facts(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: the truth is not JSON ({error}); mend or remove it") from None
    if not isinstance(facts, dict):
        raise FormatError(f"{path}: the truth is not an object with 'turns'; see docs/evaluation.md")
    return facts


def recordings_with_truth(folder: Path) -> list[tuple[Path, Path]]:
    """The recordings of a folder, and of those in it, that have an RTTM file of the same name; with that file.

    Raises
    ------
    FormatError
        Where there is none.
    """
    if not folder.is_dir():
        raise FormatError(f"{folder}: no such folder; evaluate takes a folder of recordings with RTTM files")
    audio = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in audio_suffixes]
    pairs = [(path, path.with_suffix(".rttm")) for path in audio if path.with_suffix(".rttm").is_file()]
    if not pairs:
        raise FormatError(f"{folder}: no recording has an RTTM file of the same name beside it; see docs/evaluation.md")
    return pairs
