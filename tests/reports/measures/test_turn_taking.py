from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sessions import Session
from reports.measures import measure_session
from reports.measures.conversation import Conversation, Handover
from reports.measures.turn_taking import backchannels, interruptions

from ..tables import session_of, turn


def values(session: Session, name: str, part: str = "session") -> dict[Any, float]:
    """The values of one measure by speaker, by pair, or under None."""
    table = measure_session(session, [name])
    table = table[table["part"] == part]
    return {(row.speaker, row.other) if row.other else row.speaker: row.value for row in table.itertuples()}


def talk(*spans: tuple[float, float, str], duration: float = 40.0) -> Session:
    return session_of([turn(*span) for span in sorted(spans)], duration)


# A: 0-10 and 12-20, B: 9-11 (takes over in overlap, hands back after a gap of 1 s), 22-30; C: 25-25.6 inside B's turn.
THREE = talk((0, 10, "A"), (9, 11, "B"), (12, 20, "A"), (22, 30, "B"), (25, 25.6, "C"))


def test_talk_time_and_shares_of_a_conversation_by_hand() -> None:
    assert values(THREE, "talk_time") == pytest.approx({"A": 18, "B": 10, "C": 0.6})
    assert values(THREE, "talk_share") == pytest.approx({"A": 18 / 28.6, "B": 10 / 28.6, "C": 0.6 / 28.6})
    assert values(THREE, "talk_share_of_session") == pytest.approx({"A": 0.45, "B": 0.25, "C": 0.015})


def test_talk_time_by_quarter_is_cut_at_the_quarters() -> None:
    quarters = [values(THREE, "talk_time", f"quarter {number}") for number in (1, 2, 3, 4)]
    assert [each["A"] for each in quarters] == pytest.approx([10, 8, 0, 0])
    assert [each["B"] for each in quarters] == pytest.approx([1, 1, 8, 0])


def test_turns_are_counted_and_measured() -> None:
    assert values(THREE, "turn_count") == {"A": 2, "B": 2, "C": 1}
    assert values(THREE, "turn_length_mean") == pytest.approx({"A": 9, "B": 5, "C": 0.6})
    longest = measure_session(THREE, ["longest_turn"])
    assert longest[["value", "at", "turn"]].to_numpy(float)[:2].tolist() == [[10, 0, 0], [8, 22, 3]]


def test_the_interval_of_a_median_is_that_of_order_statistics() -> None:
    lengths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    starts = np.concatenate([[0], np.cumsum(np.array(lengths) + 2.0)])
    rows = [turn(start, start + length) for start, length in zip(starts, lengths, strict=False)]
    (row,) = measure_session(session_of(rows, 80), ["turn_length_median"]).head(1).to_dict("records")
    assert (row["value"], row["low"], row["high"], row["n"]) == pytest.approx((5.5, 2, 9, 10))  # Conover's table A3


def test_silence_and_overlap_by_hand() -> None:
    assert values(THREE, "silence_share") == {None: pytest.approx(13 / 40)}
    assert values(THREE, "overlap_share") == {None: pytest.approx(1.6 / 27)}


def test_handovers_by_hand() -> None:
    found = Conversation(THREE).handovers
    assert [(each.before, each.after, each.silence, each.overlap) for each in found] == [
        ("A", "B", 0.0, 1.0),
        ("B", "A", 1.0, 0.0),
        ("A", "B", 2.0, 0.0),
        ("B", "B", 0.0, pytest.approx(0.6)),
    ]


def test_gaps_overlaps_and_latencies_are_medians_by_direction() -> None:
    edges = np.cumsum([0, 3, 0.2, 2, 0.4, 3, 0.6, 2, 0.8, 3, 1.0, 2, 1.2, 3, 1.4, 2, 1.6, 3])
    spans = [(float(start), float(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    session = talk(*((*span, "AB"[at % 2]) for at, span in enumerate(spans)))
    assert values(session, "gap_length") == {None: pytest.approx(0.9)}
    assert values(session, "floor_transfer_offset") == {None: pytest.approx(0.9)}
    assert values(session, "response_latency") == pytest.approx({("A", "B"): 1.0, ("B", "A"): 0.8})


def test_pauses_are_silence_within_a_speaker() -> None:
    spans = [(0, 1), (1.2, 2), (2.6, 4), (5, 6), (6.8, 7)]
    assert values(talk(*((*span, "A") for span in spans)), "pause_length") == {"A": pytest.approx(0.7)}


def test_gaps_pauses_and_overlaps_are_those_of_pympi() -> None:
    session = _dialogue(np.random.default_rng(4), 120)
    ours, theirs = sorted(map(_kind, Conversation(session).handovers)), _of_pympi(session)
    assert [kind for kind, *_ in ours] == [kind for kind, *_ in theirs]
    times = [np.array([span for _, *span in each]) for each in (ours, theirs)]
    assert np.abs(times[0] - times[1]).max() <= 2  # hundredths of a second: pympi takes ends as included
    assert {kind[0] for kind, *_ in ours} == {"G", "O", "P", "W"}


def _dialogue(random: np.random.Generator, num_turns: int) -> Session:
    """Turns with gaps, pauses and overlaps of at least 0.05 s, and short sounds within turns, in hundredths."""
    spans, end, speaker = [], 0.0, "A"
    for at in range(num_turns):
        change = random.random() < 0.7
        away = random.uniform(0.05, 0.8) * (random.choice([-1, 1]) if change else 1)
        speaker = "BA"[speaker == "B"] if change else speaker
        start = max(end + away, spans[-1][0] + 0.1 if spans else 0.0)
        end = max(start, end) + random.uniform(2.0, 4.0)
        spans.append((round(start, 2), round(end, 2), speaker))
        if at % 7 == 6:
            spans.append((round(end - 0.9, 2), round(end - 0.85, 2), "BA"[speaker == "B"]))
    return talk(*spans, duration=end)


def _kind(handover: Handover) -> tuple[str, int, int]:
    """Named as pympi names it, with its times in hundredths of a second."""
    one, two = ("12"["AB".index(each)] for each in (handover.before, handover.after))
    change = f"{'G' if handover.silence else 'O'}{one}{two}"
    stay = f"P{one}" if handover.silence else f"W{one}{'21'[int(one) - 1]}"
    return stay if one == two else change, round(100 * handover.start), round(100 * handover.end)


def _of_pympi(session: Session) -> list[tuple[str, int, int]]:
    from pympi import Eaf

    eaf = Eaf(author="")
    for speaker, own in Conversation(session).talk.items():
        eaf.add_tier(speaker)
        for start, end in np.round(100 * own).astype(int).tolist():
            eaf.add_annotation(speaker, start, end)
    return sorted((kind.split("_")[0], start, end + 1) for start, end, kind in eaf.get_gaps_and_overlaps("A", "B"))


def test_an_interruption_takes_the_floor_long_before_the_other_ends() -> None:
    found = interruptions(Conversation(talk((0, 6, "A"), (4, 9, "B"))))
    assert [(one.speaker, other.speaker, one.start) for one, other in found] == [("B", "A", 4)]


@pytest.mark.parametrize("span", [(5.6, 9), (4, 5.5), (6.1, 9), (0.3, 9)])
def test_early_answers_failed_attempts_and_joint_starts_are_no_interruptions(span: tuple[float, float]) -> None:
    assert interruptions(Conversation(talk((0, 6, "A"), (*span, "B")))) == []


def test_a_back_channel_is_short_and_leaves_the_floor() -> None:
    session = talk((0, 6, "A"), (3, 3.6, "B"), (6.3, 6.8, "B"), (7, 12, "A"))
    assert [(one.start, other.speaker) for one, other in backchannels(Conversation(session))] == [(3, "A"), (6.3, "A")]
    assert values(session, "backchannels") == {("A", "B"): 0, ("B", "A"): 2}
    assert values(session, "interruptions") == {("A", "B"): 0, ("B", "A"): 0}


@pytest.mark.parametrize("rest", [[(3, 4.2, "B")], [(5.8, 6.4, "B")], [(3, 3.6, "B"), (4.2, 4.8, "B")]])
def test_long_or_last_or_repeated_sounds_are_no_back_channels(rest: list[tuple[float, float, str]]) -> None:
    assert backchannels(Conversation(talk((0, 6, "A"), *rest))) == []


def test_balance_is_one_where_all_talk_alike() -> None:
    assert values(talk((0, 5, "A"), (5, 10, "B"), (10, 15, "C")), "balance") == {None: pytest.approx(1.0)}
    assert values(talk((0, 9, "A"), (9, 10, "B")), "balance") == {None: pytest.approx(0.468996, abs=1e-6)}
    assert np.isnan(values(talk((0, 9, "A")), "balance")[None])


def test_the_speaking_rate_needs_a_transcript() -> None:
    session = talk(*((3.0 * at, 3.0 * at + 2, "A") for at in range(5)))
    note = measure_session(session, ["speaking_rate"])["note"].iloc[0]
    assert note == (
        "not enough data: 4 transcribed turns of the speaker are needed, there are 0; there is no transcript"
    )
    session.turns["text"] = ["one two three four five six"] * 4 + [None]
    assert values(session, "speaking_rate") == {"A": pytest.approx(180.0)}
    session.turns["text"] = ["我不知道。"] * 4 + ["ฉันไม่รู้"]  # 4 characters in 2 s; Thai is left out
    assert values(session, "speaking_rate") == {"A": pytest.approx(120.0)}


def test_the_speaking_rate_is_told_by_quarter() -> None:
    session = talk(*((3.0 * at, 3.0 * at + 2, "A") for at in range(20)), duration=60.0)
    session.turns["text"] = ["one two"] * 10 + ["one two three four"] * 10
    table = measure_session(session, ["speaking_rate"]).set_index("part")["value"]
    assert table.round().to_dict() == {"session": 90.0, "quarter 1": 60.0, "quarter 2": 60.0, "quarter 3": 120.0,
                                       "quarter 4": 120.0}  # fmt: skip


spans = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 40), st.sampled_from("ABC")), min_size=1, max_size=30
).map(lambda rows: talk(*((start / 10, (start + length) / 10, who) for start, length, who in rows)))


@given(spans)
@settings(deadline=None, max_examples=25)
def test_time_is_shared_out_without_rest(session: Session) -> None:
    conversation = Conversation(session)
    activity = conversation.activity
    speech = activity.lengths[activity.count > 0].sum()
    assert speech == pytest.approx(
        conversation.talk_times.sum() - (activity.lengths * np.maximum(activity.count - 1, 0)).sum()
    )
    silence = values(session, "silence_share")[None]
    assert silence * conversation.duration == pytest.approx(conversation.duration - speech)


@given(spans)
@settings(deadline=None, max_examples=25)
def test_handovers_follow_each_other_and_have_no_other_time(session: Session) -> None:
    found = Conversation(session).handovers
    assert all(each.silence + each.overlap == pytest.approx(each.end - each.start) for each in found)
    assert all(before.end <= after.start and before.after == after.before for before, after in pairwise(found))


def test_a_table_of_turn_taking_is_tidy() -> None:
    table = measure_session(THREE)
    keys = table[["measure", "speaker", "other", "part", "key"]].astype(object)
    assert not keys.duplicated().any()
    assert isinstance(table, pd.DataFrame)
