from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.formats.turn_files import FileTurn
from diarization.turn_texts import clean_text, text_within, texts_of, without_name

TURNS = [(0.0, 4.0, "A"), (3.5, 6.0, "B"), (6.5, 9.0, "A")]


def test_each_stretch_goes_to_the_turn_of_its_speaker_in_which_most_of_it_lies() -> None:
    said = [
        FileTurn(0.0, 2.0, "A", "One."),
        FileTurn(2.0, 4.0, "A", "Two."),
        FileTurn(3.0, 7.0, "A", "Three?"),
        FileTurn(3.5, 6.0, "B", "Four."),
        FileTurn(20.0, 21.0, "A", "In no turn."),
        FileTurn(6.5, 9.0, "C", "Of nobody."),
    ]
    assert texts_of(TURNS, said) == ["One. Two. Three?", "Four.", None]


def test_chinese_is_joined_without_blanks() -> None:
    said = [FileTurn(0.0, 2.0, "A", "我不知道。"), FileTurn(2.0, 4.0, "A", "你呢？")]
    assert texts_of(TURNS, said)[0] == "我不知道。你呢？"


@pytest.mark.parametrize("text", ["(happy 82 %)", "–", "  ", "\x00"])
def test_what_our_own_subtitles_show_was_not_said(text: str) -> None:
    assert texts_of(TURNS, [FileTurn(0.0, 2.0, "A", text)]) == [None, None, None]
    assert texts_of(TURNS, [FileTurn(0.0, 2.0, "A", f"{text} Yes.")])[0] == "Yes."


def test_texts_are_what_any_database_takes() -> None:
    assert clean_text("a\x00b\ud800c\u202ed \u06cc\u200c\u0645") == "a b?cd \u06cc\u200c\u0645"


@given(st.text(alphabet="ab 我你, 。", max_size=40), st.lists(st.floats(0, 1), max_size=4))
def test_parts_of_a_turn_have_all_of_its_words_each_once(text: str, cuts: list[float]) -> None:
    edges = [0.0, *sorted(cuts), 1.0]
    parts = [text_within(text, start, end) for start, end in pairwise(edges)]
    assert "".join("".join(filter(None, parts)).split()) == "".join(text.split())


def test_names_are_taken_out_with_their_single_words() -> None:
    assert without_name("anna von Berg, Bergs Anna", "Anna von Berg") == "[name], Bergs [name]"
    assert without_name("李雷说李雷好", "李雷") == "[name]说[name]好"
    assert without_name("a letter", "A") == "a letter"
