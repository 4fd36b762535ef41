"""Each format of turns has its line in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diarization.formats.registry import CODECS
from diarization.formats.textgrid import SILENT
from diarization.formats.turn_files import TOLERANCE
from reports.exports.formats import EXPORTS
from reports.exports.labels import LABEL_COLUMNS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")
EXPORT_ROWS = {
    cells[0].strip("` "): cells
    for cells in (re.split(r"(?<!\\)\|", line.strip("|")) for line in PAGE.splitlines())
    if len(cells) == 5
}
ROWS = {
    cells[1].strip("` "): cells
    for cells in (line.strip("|").split("|") for line in PAGE.splitlines())
    if len(cells) == 7
}


@pytest.mark.parametrize("name", CODECS)
def test_each_format_is_documented_as_it_is(name: str) -> None:
    codec, (title, _, extensions, read, written, kept, lost) = CODECS[name], ROWS[name]
    assert title.strip() == codec.title
    assert [each.strip().lower() for each in extensions.split(",")] == list(codec.extensions)
    assert read.strip() == "yes"
    assert (written.strip() == "yes") == (codec.format is not None)
    assert kept.strip() and lost.strip()
    assert ("text" in kept) == ("text" in codec.keeps) or name == "pyannote"


def test_the_order_is_that_in_which_files_are_looked_for() -> None:
    assert [name for name in ROWS if name in CODECS] == list(CODECS)


def test_the_marks_of_silence_and_the_tolerance_are_those_of_the_code() -> None:
    (listed,) = re.findall(r"silence where its text is empty, ([^.]*)\. A tier", PAGE.replace("\n  ", " "))
    assert set(re.findall(r"`([^`]+)`", listed)) | {""} == SILENT
    assert f"may reach {TOLERANCE} s past" in PAGE


@pytest.mark.parametrize("name", EXPORTS)
def test_each_export_is_documented_as_it_is(name: str) -> None:
    _, what, several, kept, lost = EXPORT_ROWS[name]
    assert (several.strip() == "all in one") == EXPORTS[name].several
    assert what.strip() and kept.strip() and lost.strip()


def test_the_columns_of_labels_are_documented() -> None:
    section = PAGE[PAGE.index("## Labels") :]
    assert [column for column in LABEL_COLUMNS if f"`{column}`" not in section] == []
