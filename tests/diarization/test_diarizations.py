"""Who spoke when: what a Diarization promises."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from diarization.diarizations import Diarization, SpeakerSegment, diarization_of
from diarization.segments import Segment, difference, intersection, total_duration

from .strategies import diarizations

TALK = diarization_of([(0, 4, "B"), (3, 6, "A"), (8, 9, "B"), (8, 9, "C")])


def test_speakers_come_in_order_of_first_speech() -> None:
    assert TALK.speakers == ["B", "A", "C"]
    assert diarization_of([]).speakers == []


def test_segments_come_in_order_whatever_order_they_were_given_in() -> None:
    assert diarization_of([(8, 9, "C"), (3, 6, "A"), (8, 9, "B"), (0, 4, "B")]).segments == TALK.segments
    assert [each.segment.start for each in TALK.segments] == [0, 3, 8, 8]


def test_segments_of_one_speaker_that_touch_or_overlap_are_joined() -> None:
    joined = diarization_of([(0, 2, "A"), (2, 3, "A"), (2.5, 4, "A"), (4.1, 5, "A")])
    assert joined.of("A") == [Segment(0, 4), Segment(4.1, 5)]


def test_speech_overlap_and_talk_time() -> None:
    assert TALK.speech() == [Segment(0, 6), Segment(8, 9)]
    assert TALK.overlap() == [Segment(3, 4), Segment(8, 9)]
    assert [TALK.talk_time(speaker) for speaker in TALK.speakers] == [5, 3, 1]
    assert TALK.talk_time("nobody") == 0


def test_in_overlap_whoever_began_first_keeps_the_floor() -> None:
    exclusive = diarization_of([(0, 4, "A"), (3, 6, "B"), (5, 7, "A")]).exclusive()
    assert exclusive.segments == (
        SpeakerSegment(Segment(0, 4), "A"), SpeakerSegment(Segment(4, 6), "B"), SpeakerSegment(Segment(6, 7), "A"),
    )  # fmt: skip


def test_someone_heard_only_within_anothers_speech_is_not_in_the_exclusive_view() -> None:
    talk = diarization_of([(0, 9, "A"), (3, 4, "B"), (10, 11, "C")], np.arange(6, dtype=np.float32).reshape(3, 2))
    assert talk.exclusive().speakers == ["A", "C"]
    assert talk.exclusive().embeddings.tolist() == [[0, 1], [4, 5]]


def test_the_diarizers_own_exclusive_view_is_taken_where_there_is_one() -> None:
    segments = (SpeakerSegment(Segment(0, 4), "A"), SpeakerSegment(Segment(3, 6), "B"))
    own = (SpeakerSegment(Segment(0, 3), "A"), SpeakerSegment(Segment(3, 6), "B"))
    assert Diarization(segments, exclusive_segments=own).exclusive().segments == own
    assert Diarization(segments, exclusive_segments=()).exclusive().segments == ()


def test_there_are_as_many_embeddings_as_speakers_or_none() -> None:
    with pytest.raises(ValueError, match="2 speaker embeddings for 1 speakers"):
        diarization_of([(0, 1, "A")], np.zeros((2, 4), np.float32))
    assert diarization_of([(0, 1, "A")]).embeddings.shape == (0, 0)


@given(diarizations())
def test_exclusive_has_no_overlap_and_loses_no_speech(talk: Diarization) -> None:
    exclusive = talk.exclusive()
    assert all(before.segment.end <= after.segment.start for before, after in pairwise(exclusive.segments))
    assert exclusive.overlap() == []
    assert exclusive.speech() == talk.speech()


@given(diarizations())
def test_exclusive_gives_nobody_what_they_did_not_say_and_takes_only_overlap(talk: Diarization) -> None:
    exclusive = talk.exclusive()
    for speaker in talk.speakers:
        assert difference(exclusive.of(speaker), talk.of(speaker)) == []
        lost = difference(talk.of(speaker), exclusive.of(speaker))
        assert difference(lost, talk.overlap()) == []


@given(diarizations())
def test_exclusive_is_idempotent(talk: Diarization) -> None:
    assert talk.exclusive().exclusive().segments == talk.exclusive().segments


@given(diarizations())
def test_overlap_is_where_two_or_more_speak(talk: Diarization) -> None:
    heard = [second + 0.5 for second in range(80)]
    counts = [sum(each.segment.start < at < each.segment.end for each in talk.segments) for at in heard]
    overlapped = [any(each.start < at < each.end for each in talk.overlap()) for at in heard]
    assert overlapped == [count > 1 for count in counts]


@given(diarizations())
def test_talk_times_add_up_to_speech_and_overlap(talk: Diarization) -> None:
    total = sum(talk.talk_time(speaker) for speaker in talk.speakers)
    assert total >= total_duration(talk.speech())
    if not talk.overlap():
        assert total == total_duration(talk.speech())


@given(diarizations())
def test_the_segments_of_one_speaker_lie_apart(talk: Diarization) -> None:
    for speaker in talk.speakers:
        assert all(before.end < after.start for before, after in pairwise(talk.of(speaker)))
        assert intersection(talk.of(speaker), talk.speech()) == talk.of(speaker)


@given(diarizations())
def test_as_an_annotation_it_holds_the_same(talk: Diarization) -> None:
    annotation = talk.to_annotation("call")
    assert annotation.uri == "call"
    tracks = sorted(
        (segment.start, segment.end, label) for segment, _, label in annotation.itertracks(yield_label=True)
    )
    assert tracks == [(each.segment.start, each.segment.end, each.speaker) for each in talk.segments]
