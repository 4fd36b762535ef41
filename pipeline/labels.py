"""Labelled speech: which stretch of which recording sounds how, from a CSV file or a folder with truth beside it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diarization.audio import audio_suffixes
from diarization.errors import FormatError
from diarization.formats.rttm import read_rttm
from diarization.segments import Segment, intersection
from emotion.readout import UNCERTAIN
from emotion.schemes import canonical

from .csv_rows import read_csv_rows

_COLUMNS = {
    "path": ("path", "file", "filename"),
    "session": ("session",),
    "start": ("start",),
    "end": ("end",),
    "label": ("label", "emotion"),
    "speaker": ("speaker",),
    "valence": ("valence",),
    "arousal": ("arousal",),
}
_LABEL = re.compile(r"[^\W_][\w '/.+-]{0,39}")
_CLOCK = re.compile(r"(?:(\d+) days? )?\+?(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True)
class LabelledClip:
    """A stretch of speech with what it sounds like.

    Parameters
    ----------
    source : str
        Path of the recording, or the id of a session where ``is_session``.
    is_session : bool
        Whether the recording is a session's of the workspace.
    segment : Segment or None
        The stretch in seconds; None for the whole recording.
    label : str
        As it was written.
    speaker : str or None
        Who speaks; None where that is not known.
    where : str
        File and line, for sentences.
    overlapped : tuple of Segment
        Stretches in which others speak too, where that is known.
    norms : (float, float) or None
        Valence and arousal of the label, where the file gives them.
    """

    source: str
    is_session: bool
    segment: Segment | None
    label: str
    speaker: str | None
    where: str
    overlapped: tuple[Segment, ...] = ()
    norms: tuple[float, float] | None = None


def read_labels(path: Path) -> list[LabelledClip]:
    """The labelled clips of a folder or of a CSV file, at least one.

    A folder holds recordings, each with an RTTM and a JSON file of the same name, as ``turntone evaluate`` reads them.

    Raises
    ------
    FormatError
        Where nothing is there, or a line breaks the rules; the message names it.
    """
    if path.is_dir():
        return _from_folder(path)
    if not path.is_file():
        raise FormatError(f"{path}: no such file or folder; a CSV file of labels or a folder with truth is needed")
    return read_label_table(path)


def read_label_table(path: Path) -> list[LabelledClip]:
    """The clips of a CSV file: columns path or session, start, end, label (or emotion), speaker, valence, arousal.

    Commas, semicolons and tabs may part the columns. Paths are relative to the file's folder. Times are in seconds or,
    as audformat writes them, ``0 days 00:00:01.5``; without them the whole recording is meant.

    Raises
    ------
    FormatError
        Where a line breaks the rules, a recording does not exist, or a clip is there twice.
    """
    rows = list(table_rows(path))
    if not rows:
        raise FormatError(f"{path}: no labels below the heading; one line a clip is needed")
    clips = [_clip(path, number, row) for number, row in rows]
    _check_labels(path, clips)
    _check_twice(clips)
    return clips


def clean_label(text: str, where: str) -> str:
    """A label as schemes take it.

    Raises
    ------
    FormatError
        Where it is empty, reserved, or holds what no word has.
    """
    label = " ".join(text.split())
    if label.lower() == UNCERTAIN:
        raise FormatError(f"{where}: '{UNCERTAIN}' is what Turntone says where no label is clear; choose another word")
    if label.lower() in ("nan", "none", "null") or not _LABEL.fullmatch(label):
        shown = f"'{label[:40]}'" if label else "no label"
        raise FormatError(
            f"{where}: {shown} cannot be a label; words of up to 40 letters, digits, spaces and - + . ' / _ can, "
            "beginning with a letter or digit"
        )
    return label


def table_rows(path: Path, needed: str = "label") -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values by our column names, of a CSV file that has the column ``needed``.

    Raises
    ------
    FormatError
        Where it is no table, or lacks a column.
    """
    table = read_csv_rows(path, "labels")
    names = _names(path, table.heading, needed)
    for number, cells in table.rows:
        yield number, {name: cells[index] for name, index in names.items()}


def _names(path: Path, heading: Sequence[str], needed: str) -> dict[str, int]:
    names = {
        ours: heading.index(each) for ours, theirs in _COLUMNS.items() for each in reversed(theirs) if each in heading
    }
    if needed not in names or not {"path", "session"} & set(names):
        have = ", ".join(heading) if any(heading) else "nothing"
        wanted = " (or ".join(_COLUMNS[needed]) + ")" * (len(_COLUMNS[needed]) - 1)
        raise FormatError(
            f"{path}: the heading has {have}; columns path (or session, start, end) and {wanted} are needed"
        )
    if "session" in names and "path" not in names and not {"start", "end"} <= set(names):
        raise FormatError(f"{path}: rows that name a session need the columns start and end")
    return names


def _clip(path: Path, number: int, row: Mapping[str, str]) -> LabelledClip:
    where = f"{path}: line {number}"
    segment = segment_of(where, row)
    session, file = row.get("session", ""), row.get("path", "")
    if bool(session) == bool(file):
        raise FormatError(f"{where}: names {'both' if file else 'neither'} a path and a session; one of them is needed")
    if session and segment is None:
        raise FormatError(f"{where}: a clip of a session needs start and end in seconds")
    source = session if session else str(file_of(path, where, file))
    label, speaker = clean_label(row["label"], where), row.get("speaker", "")
    return LabelledClip(source, bool(session), segment, label, speaker or None, where, (), _norms(where, row))


def file_of(table: Path, where: str, name: str) -> Path:
    """The audio file that a line of a table names, beside the table; a FormatError where it is not there."""
    found = table.parent / Path(name).expanduser()
    if not found.is_file():
        raise FormatError(f"{where}: there is no file {found}; paths are relative to the folder of the CSV file")
    return found


def segment_of(where: str, row: Mapping[str, str]) -> Segment | None:
    """The stretch that a line names, None for the whole recording; a FormatError where it is none."""
    start, end = row.get("start", ""), row.get("end", "")
    if not start and (not end or end.lower() in ("nat", "nan")):
        return None
    first, last = _seconds(where, "start", start), _seconds(where, "end", end)
    if last is None and not first:
        return None  # audformat writes 0 and NaT for a whole file
    if first is None or last is None or not 0 <= first < last:
        raise FormatError(f"{where}: from '{start}' to '{end}' is no stretch; start and end in seconds are needed")
    return Segment(first, last)


def _seconds(where: str, name: str, text: str) -> float | None:
    if not text or text.lower() in ("nat", "nan"):
        return None
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = clock.groups()
        return int(days or 0) * 86_400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return _number(where, name, text)


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{where}: {name} '{text}' is not a number")
    return value


def _norms(where: str, row: Mapping[str, str]) -> tuple[float, float] | None:
    valence, arousal = row.get("valence", ""), row.get("arousal", "")
    if not valence and not arousal:
        return None
    if not valence or not arousal:
        raise FormatError(f"{where}: valence and arousal come together, or not at all")
    found = _number(where, "valence", valence), _number(where, "arousal", arousal)
    if max(map(abs, found)) > 1:
        raise FormatError(f"{where}: valence {valence} and arousal {arousal} must lie between -1 and 1")
    return found


def _check_labels(path: Path, clips: Sequence[LabelledClip]) -> None:
    seen: dict[str, str] = {}
    for clip in clips:
        known = seen.setdefault(clip.label.casefold(), clip.label)
        if known != clip.label:
            raise FormatError(f"{path}: '{known}' and '{clip.label}' differ only in capitals; write one of them")


def _check_twice(clips: Sequence[LabelledClip]) -> None:
    seen: dict[tuple[Any, ...], LabelledClip] = {}
    for clip in clips:
        first = seen.setdefault((clip.source, clip.segment), clip)
        if first is not clip:
            line = first.where.rsplit(" ", 1)[-1]
            raise FormatError(f"{clip.where}: the same clip as in line {line}; name each clip once")


def _from_folder(folder: Path) -> list[LabelledClip]:
    files = [file for file in sorted(folder.rglob("*")) if file.suffix.lower() in audio_suffixes]
    clips = [clip for file in files if file.with_suffix(".json").is_file() for clip in _of_recording(file)]
    if not clips:
        raise FormatError(
            f"{folder}: no recording has a JSON file with emotions beside it; docs/evaluation.md says how it is written"
        )
    return clips


def _of_recording(audio: Path) -> list[LabelledClip]:
    path, rttm = audio.with_suffix(".json"), audio.with_suffix(".rttm")
    try:
        turns = json.loads(path.read_text(encoding="utf-8")).get("turns") or []
        labelled = [(number, each) for number, each in enumerate(turns, 1) if each.get("emotion")]
        spoken = [(number, _true_turn(each)) for number, each in labelled]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{path}: the truth cannot be read ({type(error).__name__}: {error}); see docs/evaluation.md"
        ) from None
    others = [(each.segment, each.speaker) for each in read_rttm(rttm).segments] if rttm.is_file() else []
    others += [(segment, speaker) for _, (segment, speaker, _) in spoken]
    return [
        LabelledClip(
            str(audio),
            False,
            segment,
            label,
            speaker,
            f"{path}: turn {number}",
            tuple(intersection([segment], [each for each, who in others if who != speaker])),
        )
        for number, (segment, speaker, label) in spoken
    ]


def _true_turn(turn: Mapping[str, Any]) -> tuple[Segment, str, str]:
    return Segment(float(turn["start"]), float(turn["end"])), str(turn["speaker"]), str(turn["emotion"])


def known_label(label: str) -> str:
    """Turntone's word for a label, or the label itself where it has none."""
    try:
        return canonical(label)
    except ValueError:
        return label
