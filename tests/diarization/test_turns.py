"""Turns: the rules by literal cases, and what holds for any conversation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import Diarization, diarization_of
from diarization.segments import Segment, difference, intersection, total_duration, union
from diarization.turns import Turn, TurnRules, turns_of

from .strategies import diarizations

Said = list[tuple[float, float, str]]


def spans(said: Said, **rules: float) -> Said:
    """Start, end and speaker of the turns."""
    turns = turns_of(diarization_of(said), TurnRules(**rules))
    return [(turn.start, turn.end, turn.speaker) for turn in turns]


CASES: dict[str, tuple[Said, Said]] = {
    "nobody speaks": ([], []),
    "one segment is one turn": ([(1, 5, "A")], [(1, 5, "A")]),
    "a pause up to the longest is bridged": ([(0, 2, "A"), (3, 5, "A")], [(0, 5, "A")]),
    "a longer pause ends the turn": ([(0, 2, "A"), (3.01, 5, "A")], [(0, 2, "A"), (3.01, 5, "A")]),
    "speakers alternate": (
        [(0, 2, "A"), (2.2, 4, "B"), (4.3, 6, "A")],
        [(0, 2, "A"), (2.2, 4, "B"), (4.3, 6, "A")],
    ),
    "another who begins in the pause takes over": (
        [(0, 2, "A"), (2.1, 2.6, "B"), (2.8, 4, "A")],
        [(0, 2, "A"), (2.1, 2.6, "B"), (2.8, 4, "A")],
    ),
    "another who begins just where the pause begins takes over": (
        [(0, 2, "A"), (2, 2.5, "B"), (2.5, 4, "A")],
        [(0, 2, "A"), (2, 2.5, "B"), (2.5, 4, "A")],
    ),
    "another who begins with the next segment does not take over": (
        [(0, 2, "A"), (2.5, 4, "A"), (2.5, 3, "B")],
        [(0, 4, "A"), (2.5, 3, "B")],
    ),
    "another who began before the pause and speaks through it does not take over": (
        [(0, 2, "A"), (1, 3, "B"), (2.5, 5, "A")],
        [(0, 5, "A"), (1, 3, "B")],
    ),
    "a short word within another's speech is a turn of its own and does not end the other": (
        [(0, 10, "A"), (4, 4.5, "B")],
        [(0, 10, "A"), (4, 4.5, "B")],
    ),
    "a blip is dropped and does not come between": (
        [(0, 2, "A"), (2.2, 2.35, "B"), (2.5, 4, "A")],
        [(0, 4, "A")],
    ),
    "blips that make a turn together are kept": (
        [(0, 0.15, "A"), (0.5, 0.65, "A")],
        [(0, 0.65, "A")],
    ),
    "blips apart are all dropped": ([(0, 0.15, "A"), (2, 2.15, "A")], []),
    "a third who takes over in the pause of two": (
        [(0, 2, "A"), (0.5, 2.2, "B"), (2.4, 3, "C"), (2.6, 4, "A"), (2.7, 4, "B")],
        [(0, 2, "A"), (0.5, 2.2, "B"), (2.4, 3, "C"), (2.6, 4, "A"), (2.7, 4, "B")],
    ),
    "an hour without a pause is one turn": ([(0, 3600, "A")], [(0, 3600, "A")]),
}  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), CASES.values(), ids=CASES.keys())
def test_rule(said: Said, expected: Said) -> None:
    assert spans(said) == expected


def test_the_rules_can_be_set() -> None:
    said: Said = [(0, 2, "A"), (4, 6, "A"), (7, 7.5, "B")]
    assert spans(said, max_pause=2) == [(0, 6, "A"), (7, 7.5, "B")]
    assert spans(said, max_pause=0) == [(0, 2, "A"), (4, 6, "A"), (7, 7.5, "B")]
    assert spans(said, min_duration=1) == [(0, 2, "A"), (4, 6, "A")]


def test_a_turn_knows_its_pieces_and_its_overlap() -> None:
    first, second = turns_of(diarization_of([(0, 2, "A"), (2.5, 4.5, "A"), (3.5, 6, "B")]))
    assert first == Turn(Segment(0, 4.5), "A", (Segment(0, 2), Segment(2.5, 4.5)), (Segment(3.5, 4.5),))
    assert first.overlap == pytest.approx(0.25)
    assert second.overlap == pytest.approx(0.4)


def test_a_blip_that_was_dropped_still_overlaps() -> None:
    (turn,) = turns_of(diarization_of([(0, 2, "A"), (1, 1.1, "B")]))
    assert turn.overlapped == (Segment(1, 1.1),)


rules = st.builds(TurnRules, max_pause=st.integers(0, 6), min_duration=st.integers(0, 6))


@given(diarizations(), rules)
def test_turns_are_ordered_and_those_of_one_speaker_do_not_overlap(talk: Diarization, rules: TurnRules) -> None:
    turns = turns_of(talk, rules)
    assert turns == sorted(turns, key=lambda turn: (turn.start, turn.end))
    for speaker in talk.speakers:
        own = [turn for turn in turns if turn.speaker == speaker]
        assert all(before.end < after.start for before, after in pairwise(own))


@given(diarizations(), rules)
def test_every_segment_lies_in_exactly_one_turn_unless_it_was_dropped(talk: Diarization, rules: TurnRules) -> None:
    turns = turns_of(talk, rules)
    pieces = [(piece, turn.speaker) for turn in turns for piece in turn.pieces]
    assert len(set(pieces)) == len(pieces)
    known = {(each.segment, each.speaker) for each in talk.segments}
    assert set(pieces) <= known
    for segment, speaker in known - set(pieces):
        assert segment.duration < rules.min_duration, f"{speaker} lost {segment}"


@given(diarizations(), st.integers(0, 6))
def test_without_a_shortest_duration_no_speech_is_lost(talk: Diarization, max_pause: int) -> None:
    turns = turns_of(talk, TurnRules(max_pause=max_pause, min_duration=0))
    assert sorted((piece, turn.speaker) for turn in turns for piece in turn.pieces) == [
        (each.segment, each.speaker) for each in talk.segments
    ]


@given(diarizations(), rules)
def test_turns_begin_and_end_with_speech_and_pause_no_longer_than_allowed(talk: Diarization, rules: TurnRules) -> None:
    for turn in turns_of(talk, rules):
        assert (turn.start, turn.end) == (turn.pieces[0].start, turn.pieces[-1].end)
        assert all(0 < after.start - before.end <= rules.max_pause for before, after in pairwise(turn.pieces))
        assert total_duration(turn.pieces) >= rules.min_duration


@given(diarizations(), rules)
def test_in_a_turns_pauses_no_turn_of_another_begins(talk: Diarization, rules: TurnRules) -> None:
    turns = turns_of(talk, rules)
    for turn in turns:
        for before, after in pairwise(turn.pieces):
            others = [piece for other in turns if other.speaker != turn.speaker for piece in other.pieces]
            assert not any(before.end <= piece.start < after.start for piece in others)


@given(diarizations(), rules)
def test_neighbouring_turns_of_a_speaker_are_parted_by_a_long_pause_or_by_another(
    talk: Diarization, rules: TurnRules
) -> None:
    turns = turns_of(talk, rules)
    for speaker in talk.speakers:
        own = [turn for turn in turns if turn.speaker == speaker]
        others = [piece.start for turn in turns if turn.speaker != speaker for piece in turn.pieces]
        for before, after in pairwise(own):
            taken = any(before.end <= start < after.start for start in others)
            assert after.start - before.end > rules.max_pause or taken


@given(diarizations(), rules)
def test_turns_of_turns_are_the_same(talk: Diarization, rules: TurnRules) -> None:
    turns = turns_of(talk, rules)
    by_pieces = diarization_of((piece.start, piece.end, turn.speaker) for turn in turns for piece in turn.pieces)
    again = turns_of(by_pieces, rules)
    assert [(turn.segment, turn.speaker, turn.pieces) for turn in again] == [
        (turn.segment, turn.speaker, turn.pieces) for turn in turns
    ]


@given(diarizations(), rules)
def test_overlapped_is_what_others_say_within_the_turns_speech(talk: Diarization, rules: TurnRules) -> None:
    for turn in turns_of(talk, rules):
        others = [each.segment for each in talk.segments if each.speaker != turn.speaker]
        assert list(turn.overlapped) == intersection(turn.pieces, others)
        assert difference(turn.overlapped, turn.pieces) == []
        assert 0 <= turn.overlap <= 1


@given(diarizations(speakers=1), rules)
def test_one_speaker_has_the_turns_that_the_pauses_make(talk: Diarization, rules: TurnRules) -> None:
    joined = union(talk.speech(), rules.max_pause)
    kept = [each for each in joined if total_duration(intersection([each], talk.speech())) >= rules.min_duration]
    assert [turn.segment for turn in turns_of(talk, rules)] == kept


def test_hours_of_talk_take_seconds() -> None:
    said = [(1.5 * index, 1.5 * index + 1.6, "ABC"[index % 3]) for index in range(12_000)]  # five hours
    talk = diarization_of(said)
    begun = process_time()
    assert len(turns_of(talk)) == 12_000
    assert process_time() - begun < 5


def test_a_turn_is_as_sure_as_its_segments_on_average() -> None:
    found = diarization_of([(0, 1, "A"), (1.2, 4.2, "A"), (5, 6, "B")])
    sure = [turn.speaker_confidence for turn in turns_of(replace(found, confidences=(0.5, 0.9, 0.3)))]
    assert sure == pytest.approx([0.8, 0.3])
    assert [turn.speaker_confidence for turn in turns_of(found)] == [None, None]
