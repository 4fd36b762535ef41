"""CSV with columns for start, end (or duration) and speaker."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import StringIO

from ..errors import FormatError
from .cells import defused, restored
from .checks import file_turn, seconds
from .turn_files import FileTurn, SeveralRecordingsError, TurnCodec, TurnFile, some, turn_file, written

_COLUMNS = {
    "start": ("start", "begin", "onset", "start_time", "start_s"),
    "end": ("end", "stop", "offset", "end_time", "end_s"),
    "duration": ("duration", "dur", "length"),
    "speaker": ("speaker", "speaker_label", "label", "who", "name"),
    "text": ("text", "transcript", "utterance"),
    "emotion": ("emotion",),
    "recording": ("recording", "file", "filename", "uri", "path"),
}
_DELIMITERS = ",;\t|"
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")


def _parse(text: str, name: str, recording: str | None) -> TurnFile:
    if not text.strip():
        return turn_file([])
    delimiter = _delimiter(text)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(rows), name)
        found = list(_rows(rows, columns, name))
    except csv.Error as error:
        raise FormatError(f"{name}: line {rows.line_num}: this is not CSV ({error})") from error
    wanted = _wanted(found, name, recording)
    return turn_file(_turn(row, where) for row, where in found if _of(row) in ("", wanted))


def _delimiter(text: str) -> str:
    """The delimiter that the line of column names has most of."""
    head = text.splitlines()[0]
    return max(_DELIMITERS, key=head.count)


def _columns(head: Sequence[str], name: str) -> dict[str, int]:
    names = [column.strip().lower() for column in head]
    found = {
        meaning: next(names.index(each) for each in known if each in names)
        for meaning, known in _COLUMNS.items()
        if any(each in names for each in known)
    }
    missing = [each for each in ("start", "end", "speaker") if each not in found]
    if missing == ["end"] and "duration" in found:
        return found
    if missing:
        raise FormatError(
            f"{name}: line 1: no column is called {' or '.join(missing)}; the first line names the columns start, end "
            f"(or duration) and speaker, and here it says '{','.join(head)[:60]}'"
        )
    return found


def _rows(rows: Iterator[list[str]], columns: dict[str, int], name: str) -> Iterator[tuple[dict[str, str], str]]:
    before = 1
    for row in rows:
        where, before = f"{name}: line {before + 1}", _line(rows)
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(columns[each] for each in columns if each in ("start", "end", "duration", "speaker")):
            raise FormatError(f"{where}: {len(row)} cells, fewer than the first line has columns")
        yield {each: restored(row[at].strip()) if at < len(row) else "" for each, at in columns.items()}, where


def _line(rows: Iterator[list[str]]) -> int:
    number: int = getattr(rows, "line_num")  # noqa: B009 (the reader's type has no public name)
    return number


def _of(row: dict[str, str]) -> str:
    """The recording that a row speaks of, without folder and extension; empty where it does not say."""
    file = row.get("recording", "").replace("\\", "/").rpartition("/")[2]
    stem, dot, _ = file.rpartition(".")
    return stem if dot and stem else file


def _wanted(found: Sequence[tuple[dict[str, str], str]], name: str, recording: str | None) -> str:
    names = list(dict.fromkeys(_of(row) for row, _ in found if _of(row)))
    if len(names) < 2:
        return names[0] if names else ""
    if recording is None:
        raise SeveralRecordingsError(
            f"{name}: it speaks of {len(names)} recordings ({some(names)}); say which one is meant"
        )
    if recording not in names:
        raise FormatError(f"{name}: it does not speak of recording '{recording}'; it knows {some(names)}")
    return recording


def _turn(row: dict[str, str], where: str) -> FileTurn | None:
    start = _time(row["start"], "start", where)
    end = _time(row["end"], "end", where) if row.get("end") else start + _time(row.get("duration", ""), "end", where)
    labels = {"emotion": row["emotion"]} if row.get("emotion") else {}
    return file_turn(start, end, row["speaker"], where, row.get("text", ""), labels)


def _time(text: str, what: str, where: str) -> Decimal:
    """Seconds, or a clock as 1:02:03.5; the decimal point may be a comma."""
    text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    match = _CLOCK.fullmatch(text)
    if match is None:
        return seconds(text, what, where)
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + Decimal(match[3])


def _format(turns: Sequence[FileTurn], _recording: str, _duration: float) -> str:
    kept = written(turns)
    extra = [name for name, has in (
        ("emotion", any("emotion" in turn.labels for turn in kept)), ("text", any(turn.text for turn in kept)),
    ) if has]  # fmt: skip
    file = StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["start", "end", "speaker", *extra])
    for turn in kept:
        said = {"emotion": turn.labels.get("emotion", ""), "text": turn.text}
        texts = [defused(each) for each in (turn.speaker, *(said[name] for name in extra))]
        rows.writerow([f"{turn.start:.3f}", f"{turn.end:.3f}", *texts])
    return file.getvalue()


def _recognizes(text: str) -> bool:
    if not text.strip():
        return False
    try:
        head = next(csv.reader(StringIO(text.lstrip().splitlines()[0]), delimiter=_delimiter(text)), [])
        return bool(_columns(head, ""))
    except (FormatError, csv.Error):
        return False


CODEC = TurnCodec("csv", "CSV", (".csv", ".tsv"), frozenset({"text", "emotion"}), _recognizes, _parse, _format)
