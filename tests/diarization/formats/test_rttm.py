"""RTTM in and out: what is passed over, what is refused, and that it is what pyannote reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import Diarization, diarization_of
from diarization.errors import FormatError
from diarization.formats.rttm import format_rttm, parse_rttm, read_rttm, write_rttm
from diarization.segments import Segment
from tests.diarization.strategies import diarizations

TALK = diarization_of([(0, 1.25, "A"), (1.0, 3.5, "B"), (4, 4.125, "A")])
TEXT = """\
SPEAKER call 1 0.000 1.250 <NA> <NA> A <NA> <NA>
SPEAKER call 1 1.000 2.500 <NA> <NA> B <NA> <NA>
SPEAKER call 1 4.000 0.125 <NA> <NA> A <NA> <NA>
"""


def said(talk: Diarization) -> list[tuple[float, float, str]]:
    """The segments as plain values."""
    return [(each.segment.start, each.segment.end, each.speaker) for each in talk.segments]


def test_a_diarization_is_written_one_line_a_segment(tmp_path: Path) -> None:
    write_rttm(tmp_path / "call.rttm", TALK, "call")
    assert (tmp_path / "call.rttm").read_text() == TEXT
    assert [path.name for path in tmp_path.iterdir()] == ["call.rttm"]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_rttm(tmp_path / "call.rttm", TALK, "call")
    assert said(read_rttm(tmp_path / "call.rttm")) == said(TALK)


@given(diarizations(end=100_000), st.integers(0, 999))
def test_milliseconds_round_trip_exactly(whole: Diarization, shift: int) -> None:
    pairs = [((start * 7 + shift) / 1000, (end * 7 + shift) / 1000, speaker) for start, end, speaker in said(whole)]
    talk = diarization_of(pairs)
    assert said(parse_rttm(format_rttm(talk, "call"))) == said(talk)


@given(st.lists(st.tuples(st.floats(0, 36_000), st.floats(0.0011, 100), st.sampled_from("ABC")), max_size=12))
def test_any_times_come_back_rounded_to_milliseconds(drawn: list[tuple[float, float, str]]) -> None:
    talk = diarization_of((start, start + duration, speaker) for start, duration, speaker in drawn)
    rounded = diarization_of((round(start, 3), round(end, 3), speaker) for start, end, speaker in said(talk))
    assert said(parse_rttm(format_rttm(talk, "call"))) == said(rounded)


def test_pyannote_reads_the_same(tmp_path: Path) -> None:
    from pyannote.database.util import load_rttm

    write_rttm(tmp_path / "call.rttm", TALK, "call")
    annotation = load_rttm(tmp_path / "call.rttm")["call"]
    heard = sorted((segment.start, segment.end, name) for segment, _, name in annotation.itertracks(yield_label=True))
    assert heard == [(start, pytest.approx(end), speaker) for start, end, speaker in said(TALK)]


def test_what_pyannote_writes_is_read(tmp_path: Path) -> None:
    with (tmp_path / "call.rttm").open("w") as file:
        TALK.to_annotation("call").write_rttm(file)
    assert said(read_rttm(tmp_path / "call.rttm")) == said(TALK)


def test_comments_empty_lines_and_other_records_are_passed_over() -> None:
    text = (
        ";; a comment\n# another\n\n   \t\nSPKR-INFO call 1 <NA> <NA> <NA> unknown A <NA>\n"
        + "LEXEME call 1 0.1 0.2 hello lex A 0.9\nNON-SPEECH call 1 5 1 <NA> noise <NA> <NA>\n"
        + TEXT
    )
    assert said(parse_rttm(text)) == said(TALK)


def test_tabs_windows_line_ends_and_short_lines_are_read(tmp_path: Path) -> None:
    short = "\ufeff" + "".join("\t".join(line.split()[:8]) + "\r\n" for line in TEXT.splitlines())
    (tmp_path / "a.rttm").write_bytes(short.encode())
    assert said(read_rttm(tmp_path / "a.rttm")) == said(TALK)


def test_nothing_in_the_file_is_nobody_speaking(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").touch()
    assert said(read_rttm(tmp_path / "a.rttm")) == []
    write_rttm(tmp_path / "b.rttm", diarization_of([]), "call")
    assert (tmp_path / "b.rttm").read_text() == ""
    assert said(read_rttm(tmp_path / "b.rttm", "call")) == []


def test_segments_without_length_are_passed_over() -> None:
    assert said(parse_rttm("SPEAKER a 1 1.0 0.0 <NA> <NA> A <NA> <NA>\n")) == []
    assert said(parse_rttm("SPEAKER a 1 1.0 1e-30 <NA> <NA> A <NA> <NA>\n")) == []
    assert format_rttm(diarization_of([(1, 1.0004, "A")]), "a") == ""


def test_segments_that_touch_in_the_file_are_one() -> None:
    text = "".join(f"SPEAKER a 1 {start} 0.1 <NA> <NA> A <NA> <NA>\n" for start in ("0.1", "0.2", "0.3", "0.4"))
    assert said(parse_rttm(text)) == [(0.1, 0.5, "A")]


def test_of_several_recordings_the_one_that_is_meant_is_read() -> None:
    text = TEXT + TEXT.replace("call", "other").replace(" A ", " C ")
    assert parse_rttm(text, uri="other").speakers == ["C", "B"]
    assert parse_rttm(text, uri="call").speakers == ["A", "B"]


def test_blanks_in_the_recordings_name_become_underscores() -> None:
    assert format_rttm(diarization_of([(0, 1, "A")]), "my call 1").startswith("SPEAKER my_call_1 1 0.000")


ERRORS = [
    ("SPEAKER a 1 abc 1.0 <NA> <NA> A", r"line 1: start 'abc' is not a number of seconds from 0 up"),
    ("\n;;\nSPEAKER a 1 0.5 x <NA> <NA> A", r"line 3: duration 'x' is not a number"),
    ("SPEAKER a 1 -1 1.0 <NA> <NA> A", r"line 1: start '-1' is not"),
    ("SPEAKER a 1 0 -1.0 <NA> <NA> A", r"line 1: duration '-1\.0' is not"),
    ("SPEAKER a 1 nan 1.0 <NA> <NA> A", r"line 1: start 'nan' is not"),
    ("SPEAKER a 1 0 inf <NA> <NA> A", r"line 1: duration 'inf' is not"),
    ("SPEAKER a 1 0 1e999 <NA> <NA> A", r"line 1: duration '1e999' is not"),
    ("SPEAKER a 1 0 1", r"line 1: 5 fields where at least 8 are needed, the eighth is the speaker"),
    ("Hello there", r"line 1: 'Hello' is not a record type of RTTM; lines begin with SPEAKER"),
    ("speaker a 1 0 1 <NA> <NA> A", r"line 1: 'speaker' is not a record type"),
    (TEXT + TEXT.replace("call", "other"), r"it speaks of 2 recordings \(call, other\); say which one is meant"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_what_breaks_the_format_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.rttm").write_text(text)
    with pytest.raises(FormatError, match=rf"a\.rttm: {message}"):
        read_rttm(tmp_path / "a.rttm")


def test_a_recording_that_the_file_does_not_know_is_an_error() -> None:
    with pytest.raises(FormatError, match="it does not speak of recording 'b'; it knows call"):
        parse_rttm(TEXT, uri="b")


def test_files_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no\.rttm: there is no such file; check the path"):
        read_rttm(tmp_path / "no.rttm")
    with pytest.raises(FormatError, match="cannot be read"):
        read_rttm(tmp_path)
    (tmp_path / "a.rttm").write_bytes(b"RIFF\xff\xfe\x00WAVE")
    with pytest.raises(FormatError, match=r"a\.rttm: this is not UTF-8 text, so it is not RTTM"):
        read_rttm(tmp_path / "a.rttm")


def test_what_rttm_cannot_hold_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="label 'Anna B' is empty or has a blank in it; rename the speaker"):
        write_rttm(tmp_path / "a.rttm", diarization_of([(0, 1, "Anna B")]), "call")
    with pytest.raises(FormatError, match="the recording's name is empty; give one"):
        write_rttm(tmp_path / "a.rttm", TALK, " ")
    with pytest.raises(FormatError, match=r"cannot be written \(No such file or directory\)"):
        write_rttm(tmp_path / "no" / "a.rttm", TALK, "call")
    assert list(tmp_path.iterdir()) == []


def test_segments_are_exact_seconds() -> None:
    assert parse_rttm("SPEAKER a 1 0.1 0.2 <NA> <NA> A").segments[0].segment == Segment(0.1, 0.3)
