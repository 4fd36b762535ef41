from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from numpy.random import RandomState

from diarization.errors import FormatError
from reports.simulation.corpus import Supply, by_voice, read_corpus
from tests.reports.simulation.corpora import write_rows


def corpus(folder: Path, *rows: str) -> Path:
    """A corpus of empty files, one a row of speaker, emotion and text."""
    for number in range(len(rows)):
        (folder / f"{number}.wav").touch()
    lines = [f"{number}.wav,{row}" for number, row in enumerate(rows)]
    return write_rows(folder / "corpus.csv", *lines, heading="path,speaker,emotion,text")


def test_rows_are_read_with_speaker_emotion_and_text(tmp_path: Path) -> None:
    (found,) = read_corpus(corpus(tmp_path, 'Ann Lee,Anger,"Well, no"'))
    assert (found.speaker, found.emotion, found.text) == ("Ann_Lee", "angry", "Well, no")


def test_emotions_that_are_not_wanted_may_be_any_word(tmp_path: Path) -> None:
    table = corpus(tmp_path, "ann,bored,a", "ann,happiness,b")
    assert [each.text for each in read_corpus(table, ["happy"])] == ["b"]


def test_a_wanted_emotion_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="emotion 'glad' is unknown; known are angry"):
        read_corpus(corpus(tmp_path, "ann,happy,a"), ["glad"])


def test_a_voice_has_the_emotions_with_three_utterances(tmp_path: Path) -> None:
    rows = [*["ann,sad,"] * 3, *["ann,happy,"] * 2, "ben,sad,"]
    voices = by_voice(read_corpus(corpus(tmp_path, *rows)))
    assert {who: list(own) for who, own in voices.items()} == {"ann": ["sad"], "ben": []}


def test_utterances_are_given_out_alike(tmp_path: Path) -> None:
    supply = Supply(by_voice(read_corpus(corpus(tmp_path, *["ann,sad,"] * 4))))
    random = RandomState(0)
    given = Counter(each.clip.where for _ in range(8) for each in supply.choose("ann", "sad", 2, random))
    assert list(given.values()) == [4, 4, 4, 4]


def test_a_turn_says_nothing_twice_while_other_words_are_left(tmp_path: Path) -> None:
    supply = Supply(by_voice(read_corpus(corpus(tmp_path, "ann,sad,a", "ann,sad,a", "ann,sad,b", "ann,sad,b"))))
    random = RandomState(0)
    for _ in range(10):
        assert {each.text for each in supply.choose("ann", "sad", 2, random)} == {"a", "b"}
    three = supply.choose("ann", "sad", 3, random)
    assert len({each.clip.where for each in three}) == 3
