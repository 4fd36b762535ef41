from __future__ import annotations

from pathlib import Path

import pytest

from diarization.errors import FormatError
from diarization.segments import Segment
from pipeline.labels import read_labels
from tests.fakes import write_silence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings."""
    write_silence(tmp_path / "a.wav")
    write_silence(tmp_path / "b.wav")
    return tmp_path


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_whole_files_and_stretches(folder: Path) -> None:
    found = read_labels(table(folder, "path,start,end,emotion,speaker\na.wav,0.5,1.5,angry,Anna\nb.wav,,,sad,\n"))
    assert [each.segment for each in found] == [Segment(0.5, 1.5), None]
    assert [each.label for each in found] == ["angry", "sad"]
    assert [each.speaker for each in found] == ["Anna", None]
    assert found[0].source == str(folder / "a.wav")


def test_a_byte_order_mark_semicolons_and_decimal_commas(folder: Path) -> None:
    found = read_labels(table(folder, "Path;Start;End;Label\r\na.wav;0,25;1,5;sehr müde\r\n", "utf-8-sig"))
    assert (found[0].segment, found[0].label) == (Segment(0.25, 1.5), "sehr müde")


def test_times_as_audformat_writes_them(folder: Path) -> None:
    rows = "file,start,end,emotion\na.wav,0 days 00:00:00,0 days 00:00:01.500,angry\nb.wav,0 days,NaT,sad\n"
    rows = rows.replace("0 days,", "0 days 00:00:00,")
    assert [each.segment for each in read_labels(table(folder, rows))] == [Segment(0, 1.5), None]


def test_sessions_are_named_with_their_stretch(folder: Path) -> None:
    (found,) = read_labels(table(folder, "session,start,end,label,valence,arousal\n3f2a,1,2,calm,0.5,-0.4\n"))
    assert (found.source, found.is_session, found.norms) == ("3f2a", True, (0.5, -0.4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the heading has nothing; columns path"),
        ("path,mood\na.wav,sad\n", "the heading has path, mood; columns path"),
        ("path,label\n", "no labels below the heading"),
        ("session,label\n3f,sad\n", "need the columns start and end"),
        ("path,label\nc.wav,sad\n", "line 2: there is no file .*c.wav"),
        ("path,label\na.wav,\n", "line 2: no label cannot be a label"),
        ("path,label\na.wav,nan\n", "line 2: 'nan' cannot be a label"),
        ("path,label\na.wav,<b>\n", "line 2: '<b>' cannot be a label"),
        ("path,label\na.wav,Uncertain\n", "line 2: 'uncertain' is what Turntone says"),
        ("path,label\na.wav,sad\nb.wav,Sad\n", "'sad' and 'Sad' differ only in capitals"),
        ("path,label\na.wav,sad\na.wav,angry\n", "line 3: the same clip as in line 2"),
        ("path,start,end,label\na.wav,2,1,sad\n", "line 2: from '2' to '1' is no stretch"),
        ("path,start,end,label\na.wav,nan,inf,sad\n", "line 2: end 'inf' is not a number"),
        ("path,label,valence,arousal\na.wav,sad,2,0\n", "must lie between -1 and 1"),
        ("path,label,valence,arousal\na.wav,sad,0.5,\n", "valence and arousal come together"),
        ("path,session,start,end,label\n,,0,1,sad\n", "names neither a path and a session"),
    ],
)
def test_what_breaks_the_rules_is_named(folder: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_labels(table(folder, text))


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    with pytest.raises(FormatError, match="not a text file in UTF-8"):
        read_labels(table(folder, "path,label\na.wav,müde\n", "latin-1"))


def test_a_folder_without_truth_is_named(folder: Path) -> None:
    with pytest.raises(FormatError, match="no recording has a JSON file with emotions"):
        read_labels(folder)


def test_the_shipped_folder_knows_who_speaks_under_whom() -> None:
    from turntone.speech import speech_folder

    found = read_labels(speech_folder())
    assert len(found) == 84
    assert {each.label for each in found} == {"angry", "happy", "neutral", "sad"}
    assert any(each.overlapped for each in found)
