"""One contract for every registered format of turns: what is written is read, and what is wrong is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import Diarization
from diarization.errors import FormatError
from diarization.formats.registry import CODECS, codec, codec_of, read_turns, write_turns
from diarization.formats.turn_files import FileTurn, TurnCodec
from tests.diarization.strategies import diarizations

WRITTEN = [each for each in CODECS.values() if each.format is not None]
NAMES = [each.name for each in WRITTEN]
TURNS = (
    FileTurn(0.0, 1.25, "Anna", "good morning", {"emotion": "happy"}),
    FileTurn(1.0, 3.5, "Ben", 'she said: "no" & <left>', {"emotion": "sad"}),
    FileTurn(4.0, 4.125, "Anna"),
)


def kept(turns: tuple[FileTurn, ...], of: TurnCodec) -> list[FileTurn]:
    """The turns with what the format says it keeps."""
    return [
        replace(
            turn,
            text=turn.text if "text" in of.keeps else "",
            labels={"emotion": turn.labels["emotion"]} if "emotion" in of.keeps and "emotion" in turn.labels else {},
        )
        for turn in turns
    ]


def round_trip(turns: tuple[FileTurn, ...], of: TurnCodec, duration: float = 5.0) -> list[FileTurn]:
    assert of.format is not None
    text = of.format(turns, "call", duration)
    return list(of.parse(text, "call", "call").turns)


def test_every_format_is_under_contract() -> None:
    assert NAMES == ["rttm", "textgrid", "eaf", "whisperx", "pyannote", "aws", "vtt", "srt", "csv"]
    assert [name for name in CODECS if name not in NAMES] == ["turntone"]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"call{codec(name).extensions[0]}"
    write_turns(path, TURNS, name, "call", 5.0)
    assert list(read_turns(path).turns) == kept(TURNS, codec(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_format_is_told_from_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "call.unknown"
    write_turns(path, TURNS, name, "call", 5.0)
    assert codec_of(path, path.read_text(encoding="utf-8")).name == name


@pytest.mark.parametrize("name", NAMES)
@given(whole=diarizations(end=100_000), shift=st.integers(0, 999))
def test_milliseconds_and_overlap_come_back_exactly(name: str, whole: Diarization, shift: int) -> None:
    turns = tuple(
        FileTurn((each.segment.start * 7 + shift) / 1000, (each.segment.end * 7 + shift) / 1000, each.speaker)
        for each in whole.segments
    )
    assert round_trip(turns, codec(name), 701.0) == sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))


WORD = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="\x00"), min_size=1, max_size=9)
TEXTS = st.lists(WORD, max_size=4).map(" ".join)


@pytest.mark.parametrize("name", [each.name for each in WRITTEN if "text" in each.keeps])
@given(said=TEXTS.filter(lambda text: text.lower() not in ("", "#", "<sil>", "anna", "sp", "sil")))
def test_any_text_on_a_line_comes_back(name: str, said: str) -> None:
    turns = (FileTurn(0.5, 1.0, "Anna", said),)
    assert [turn.text for turn in round_trip(turns, codec(name))] == [said]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "rttm"])
@pytest.mark.parametrize("speaker", ["Anna B.", "Ägnes", "王小明", "a&b", '"Q"', "O'Brien", "spk-1", "=1+1", "@me"])
def test_any_name_comes_back(name: str, speaker: str) -> None:
    assert [turn.speaker for turn in round_trip((FileTurn(0.5, 1.0, speaker),), codec(name))] == [speaker]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_speaking_comes_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"call{codec(name).extensions[0]}"
    write_turns(path, (), name, "call", 5.0)
    assert read_turns(path).turns == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_order_mark_windows_line_ends_and_utf_16_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"call{codec(name).extensions[0]}"
    write_turns(path, TURNS, name, "call", 5.0)
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_bytes(text.encode(encoding))
        assert list(read_turns(path).turns) == kept(TURNS, codec(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_turn_past_the_recordings_end_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"call{codec(name).extensions[0]}"
    write_turns(path, TURNS, name, "call", 5.0)
    with pytest.raises(FormatError, match=rf"{path.name}: .*[0-9\]]: ends at 4\.125 s, but the recording at 3\.000 s"):
        read_turns(path).within(3.0)
    assert read_turns(path).within(4.0).turns[-1].end == 3.5  # what lies wholly behind the end is gone


@pytest.mark.parametrize("name", NAMES)
def test_other_encodings_are_refused_with_the_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"call{codec(name).extensions[0]}"
    path.write_bytes(b"\n\xe9t\xe9")
    with pytest.raises(FormatError, match=r"line 2: this is not text in UTF-8; save the file as UTF-8"):
        read_turns(path)


BROKEN = {
    "rttm": ("SPEAKER a 1 0 1 <NA> <NA> A\nSPEAKER a 1 x 1 <NA> <NA> A\n", r"line 2: start 'x' is not a number"),
    "textgrid": ('"ooTextFile"\n"TextGrid"\n0\n9\n<exists>\n1\n"Interval"\n"A"', r"line 8: 'Interval' is no kind"),
    "eaf": (
        '<ANNOTATION_DOCUMENT>\n<TIER TIER_ID="A">\n<ALIGNABLE_ANNOTATION TIME_SLOT_REF1="s1"/></TIER>'
        "</ANNOTATION_DOCUMENT>",
        r"line 3: TIME_SLOT_REF1 's1' is no time slot",
    ),
    "whisperx": (
        '{"segments": [{"start": 0, "end": "x", "text": "", "speaker": "A"}]}',
        r"segments\[0\]: end 'x' is not a number of seconds",
    ),
    "pyannote": ('{"diarization": [{"start": 3, "end": 1, "speaker": "A"}]}', r"diarization\[0\]: ends at 1 s, before"),
    "aws": (
        '{"Participants": [{"ParticipantRole": "AGENT"}], "Transcript": [{"BeginOffsetMillis": 0, "EndOffsetMillis": 9,'
        ' "ParticipantRole": "CAT"}]}',
        r"Transcript\[0\]: 'CAT' is none of the Participants, which are AGENT",
    ),
    "vtt": ("WEBVTT\n\n00:01 --> 00:02\n<v A>hi", r"line 3: '00:01 --> 00:02' gives no times; 00:00:01,500 -->"),
    "srt": ("1\n00:00:02,000 --> 00:00:01,000\nAnna: hi", r"line 2: ends at 1\.000 s, before it starts at 2\.000 s"),
    "csv": ("start,end,speaker\n0,1,A\n\n1,2,\n", r"line 4: names no speaker; every turn needs one"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_breaks_a_format_is_named_with_its_place(tmp_path: Path, name: str) -> None:
    text, message = BROKEN[name]
    path = tmp_path / f"call{codec(name).extensions[0]}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=rf"{path.name}: {message}"):
        read_turns(path)


@pytest.mark.parametrize("name", NAMES)
@given(cut=st.integers(0, 3000), put=st.text(max_size=3))
def test_damaged_files_are_read_or_refused_in_a_sentence(name: str, cut: int, put: str) -> None:
    of = codec(name)
    assert of.format is not None
    text = of.format(TURNS, "call", 5.0)
    at = cut % len(text)
    try:
        found = of.parse(text[:at] + put + text[at + 2 :], "call.file", "call").turns
    except FormatError as error:
        assert str(error).startswith("call.file: ")
    else:
        assert all(0 <= turn.start < turn.end and turn.speaker for turn in found)
