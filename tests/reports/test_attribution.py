from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import diarization_of
from diarization.segments import Segment
from diarization.turns import Turn
from reports.attribution import ATTRIBUTED_PARTS, SaidTurn, attributed_seconds, turns_heard
from reports.diarization_errors import error_seconds, pairing


def said(*turns: tuple[float, float, str, str]) -> list[SaidTurn]:
    return [
        SaidTurn(Turn(Segment(start, end), speaker, (Segment(start, end),)), emotion, 0.0)
        for start, end, speaker, emotion in turns
    ]


def test_each_part_of_the_error_is_counted_by_hand() -> None:
    # A is angry 0-10, B is sad 10-20; B is neutral 20-24, over whom A is angry 22-24.
    reference = diarization_of([(0, 10, "A"), (10, 20, "B"), (20, 24, "B"), (22, 24, "A")])
    emotions = [
        (Segment(0, 10), "A", "angry"),
        (Segment(10, 20), "B", "sad"),
        (Segment(20, 24), "B", "neutral"),
        (Segment(22, 24), "A", "angry"),
    ]
    found = said(
        (1, 6, "A", "angry"),  # 0-1 missed, 1-6 right
        (6, 9, "A", "happy"),  # 3 s of another emotion
        (9, 12, "A", "angry"),  # 9-10 right, 10-12 given to the wrong speaker
        (12, 18, "B", "sad"),  # right
        (18, 20, "B", ""),  # 2 s not scored
        (20, 24, "B", "neutral"),  # right; A, over it, is missed for 2 s
        (24, 25.5, "B", "neutral"),  # 1.5 s of false alarm
    )
    assert attributed_seconds(reference, emotions, found) == pytest.approx(
        {
            "missed": 3.0,
            "false_alarm": 1.5,
            "speaker_wrong": 2.0,
            "emotion_wrong": 3.0,
            "not_scored": 2.0,
            "speech": 26.0,
        }
    )


def test_somebody_who_is_paired_with_nobody_is_a_wrong_speaker_even_with_the_right_emotion() -> None:
    found = said((0, 4, "x (nobody)", "angry"))
    parts = attributed_seconds(diarization_of([(0, 4, "A")]), [(Segment(0, 4), "A", "angry")], found)
    assert (parts["speaker_wrong"], parts["missed"], parts["emotion_wrong"]) == (4.0, 0.0, 0.0)


def test_moments_without_a_known_emotion_take_no_part() -> None:
    # B's emotion is not known: 3-6 is left out, also what A says meanwhile. Silence still counts for false alarms.
    reference = diarization_of([(0, 5, "A"), (3, 6, "B")])
    found = said((0, 5, "A", "sad"), (6, 8, "B", "sad"))
    parts = attributed_seconds(reference, [(Segment(0, 5), "A", "angry")], found)
    assert parts == {
        "missed": 0.0,
        "false_alarm": 2.0,
        "speaker_wrong": 0.0,
        "emotion_wrong": 3.0,
        "not_scored": 0.0,
        "speech": 3.0,
    }


def test_nothing_found_misses_all_and_nothing_said_is_no_error() -> None:
    truth, emotions = diarization_of([(0, 4, "A"), (2, 4, "B")]), [(Segment(0, 4), who, "sad") for who in "AB"]
    assert attributed_seconds(truth, emotions, [])["missed"] == 6.0
    assert sum(attributed_seconds(diarization_of([]), [], []).values()) == 0.0


stretches = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(1, 12), st.sampled_from("AB"), st.sampled_from(["angry", "happy", "sad"])
    ),
    max_size=6,
)


def apart(drawn: list[tuple[int, int, str, str]]) -> list[tuple[float, float, str, str]]:
    """Stretches of which those of one speaker do not overlap."""
    ends: dict[str, int] = {}
    kept = []
    for start, duration, speaker, emotion in sorted(drawn):
        begin = max(start, ends.get(speaker, 0))
        ends[speaker] = begin + duration
        kept.append((float(begin), float(ends[speaker]), speaker, emotion))
    return kept


@given(stretches, stretches)
def test_all_but_the_emotions_is_the_diarization_error(
    true: list[tuple[int, int, str, str]], found: list[tuple[int, int, str, str]]
) -> None:
    truth, heard = apart(true), apart(found)
    reference = diarization_of([each[:3] for each in truth])
    emotions = [(Segment(start, end), who, emotion) for start, end, who, emotion in truth]
    same = diarization_of([each[:3] for each in heard])
    names = pairing(reference, same)
    paired = [each.by(names.get(each.turn.speaker, f"{each.turn.speaker} (nobody)")) for each in said(*heard)]
    parts = attributed_seconds(reference, emotions, paired)
    errors = error_seconds(reference, same, 200)
    of_speakers = (parts["missed"], parts["false_alarm"], parts["speaker_wrong"])
    assert of_speakers == pytest.approx((errors["missed"], errors["false_alarm"], errors["confusion"]))
    assert sum(parts[part] for part in ATTRIBUTED_PARTS) <= parts["speech"] + parts["false_alarm"] + 1e-9


def test_turns_are_matched_by_what_they_share() -> None:
    emotions = [
        (Segment(0, 4), "A", "angry"),
        (Segment(5, 7), "B", "sad"),
        (Segment(8, 10), "A", "angry"),
        (Segment(10.5, 12), "A", "happy"),
        (Segment(20, 24), "B", "sad"),
        (Segment(30, 32), "B", "neutral"),
    ]
    found = said(
        (0, 1, "A", "sad"),
        (1, 4, "A", "angry"),  # shares most with the first
        (5, 7, "A", "sad"),  # B's turn given to A: B's is not found
        (8, 12, "A", "happy"),  # two true turns in one found one
        (20, 21.9, "B", "sad"),  # less than half of the true turn
        (30, 32, "B", ""),
    )
    assert turns_heard(emotions, found) == {
        "angry": {"angry": 1, "happy": 1},
        "sad": {"not found": 2},
        "happy": {"happy": 1},
        "neutral": {"not scored": 1},
    }
