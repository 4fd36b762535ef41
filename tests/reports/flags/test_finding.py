"""What rules find in sessions whose turns are written down here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.flags import Findings, Rule, find_flags, flag_preset_names, load_flags
from tests.sessions import make_session

from ..measures.test_registry import hostile_sessions
from ..tables import renamed, session_of, turn

ANGRY, CALM = {"angry": 0.9, "neutral": 0.1}, {"angry": 0.1, "neutral": 0.9}


def found(rows: list[dict[str, Any]], duration: float = 60.0, roles: tuple[str, ...] = (), **fields: Any) -> Findings:
    session = session_of(rows, duration)
    if roles:
        session = replace(session, speakers=session.speakers.assign(role=list(roles)))
    return find_flags(session, [Rule.model_validate({"name": "a", "title": "A"} | fields)])


def said(findings: Findings) -> list[str]:
    return [flag.sentence for flag in findings.flags]


def long_anger(*scores: dict[str, float]) -> list[dict[str, Any]]:
    """10 s of the customer, 1 s of the agent, and so on."""
    rows = [turn(11 * at, 11 * at + 10, "C", scores=each) for at, each in enumerate(scores)]
    return [row for own in rows for row in (own, turn(own["end"], own["end"] + 1, "D", scores=CALM))]


def test_anger_for_twenty_seconds_at_a_stretch_is_flagged_with_its_turns() -> None:
    rule = {"turns": "angry", "of": "customer", "above": 0.6, "for": 20}
    findings = found(long_anger(CALM, ANGRY, ANGRY, CALM, ANGRY), roles=("customer", "agent"), **rule)
    (flag,) = findings.flags
    assert flag.value == 20.0
    assert [(each.turn, each.start, each.end) for each in flag.evidence] == [(2, 11.0, 21.0), (4, 22.0, 32.0)]
    assert (
        flag.sentence
        == "C: angry above 60%; the longest stretch is 0:11 to 0:32, with 20 s of own talk (stretches: 1)."
    )


def test_a_calm_turn_between_ends_the_stretch_and_one_not_scored_does_not() -> None:
    rule = {"turns": "angry", "of": "C", "above": 0.6, "for": 20}
    assert said(found(long_anger(ANGRY, CALM, ANGRY), **rule)) == []
    rows = long_anger(ANGRY, ANGRY)
    rows.insert(2, turn(10.5, 11, "C", reason="too short"))
    assert len(said(found(rows, **rule))) == 1


def test_the_share_of_the_talk_is_flagged_above_the_limit_alone() -> None:
    rows = [turn(0, 30, "A"), turn(30, 50, "B"), turn(50, 60, "A")]
    findings = found(rows, roles=("counsellor", "client"), measure="talk_share", of="counsellor", above=0.6)
    assert said(findings) == ["A, session: Share of the talk 67%, above 60%."]
    assert [each.turn for each in findings.flags[0].evidence] == [0, 2]
    assert said(found(rows, roles=("client", "counsellor"), measure="talk_share", of="counsellor", above=0.6)) == []


def test_a_rise_in_the_last_quarter_is_flagged_with_the_turns_that_rise_most() -> None:
    rows = [turn(4 * at, 4 * at + 3, "C", scores=ANGRY if at >= 15 else CALM) for at in range(20)]
    rule = {"turns": "angry", "part": "last quarter"}
    findings = found(rows, 80.0, **rule, rises_by=0.15)
    (flag,) = findings.flags
    assert flag.value == pytest.approx(0.8) and flag.p < 0.05
    assert [each.turn for each in flag.evidence] == [15, 16, 17, 18, 19]
    assert flag.sentence.startswith("C: angry 90% in the last quarter after 10% before it (p = 0.0")
    assert said(found(rows, 80.0, **rule, falls_by=0.15)) == []
    assert said(found(rows, 80.0, **rule, rises_by=0.85)) == []


def test_too_few_turns_are_not_judged() -> None:
    findings = found(long_anger(ANGRY, ANGRY), turns="angry", part="last quarter", of="C", rises_by=0.1)
    assert findings.flags == ()
    assert findings.not_judged[0].reason == ("not enough data: 4 scored turns before the part and 4 in it are needed")


def test_what_is_not_there_is_not_judged() -> None:
    rows = long_anger(ANGRY)
    reasons = [
        found(rows, turns="fearful", of="C", above=0.5),
        found(rows, turns="angry", of="customer", above=0.5),
        found(rows, measure="affect_inertia", part="last quarter", above=0.5),
        found(rows, measure="emotion_share", key="angry", above=0.5),
        found([], turns="angry", above=0.5),
    ]
    assert [each.flags for each in reasons] == [()] * 5
    assert [each.not_judged[0].reason for each in reasons] == [
        "the recogniser of this session does not know fearful, only angry, happy, neutral, sad",
        "nobody here is customer; say who is who",
        "affect_inertia is not measured in the part last quarter",
        "not enough data: 4 scored turns of the speaker are needed, there is 1",
        "no speech was found",
    ]


def test_a_masked_role_is_not_judged_and_says_why() -> None:
    rows = [turn(0, 5, "A", reason="masked: the role agent is not scored"), turn(5, 10, "B")]
    session = session_of(rows, provenance={"privacy": {"mask_roles": ["agent"]}})
    session = replace(session, speakers=session.speakers.assign(role=["agent", "customer"]))
    rule = Rule(name="a", title="A", turns="angry", of="agent", above=0.1)
    findings = find_flags(session, [rule])
    assert findings.not_judged[0].reason == "masked: nothing of this speaker's emotions is computed"


def test_silence_points_at_the_turns_before_it() -> None:
    rows = [turn(0, 5), turn(5, 10, "B"), turn(40, 45), turn(45, 46, "B")]
    (flag,) = found(rows, measure="silence_share", above=0.5).flags
    assert max(flag.evidence, key=lambda each: each.value).turn == 1
    assert flag.sentence == "the session, session: Silence 73%, above 50%."


def test_a_name_that_is_markup_stays_text() -> None:
    session = renamed(session_of([turn(0, 30)]), "<b>x</b>")
    rule = Rule(name="a", title="A", measure="talk_share", above=0.5)
    assert find_flags(session, [rule]).flags[0].sentence.startswith("<b>x</b>, session")


@pytest.mark.parametrize("name", flag_preset_names())
@pytest.mark.parametrize("kind", hostile_sessions())
def test_presets_bear_every_session(kind: str, name: str) -> None:
    session = hostile_sessions()[kind]
    findings = find_flags(session, load_flags(name))  # type: ignore[arg-type]
    turns = session.turns  # type: ignore[attr-defined]
    for flag in findings.flags:
        assert flag.evidence
        assert all(each.start == turns["start"][each.turn] for each in flag.evidence)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_limit_never_raises_more_flags(low: float, high: float) -> None:
    low, high = sorted((low, high))
    session = make_session(30)
    counts = [
        len(find_flags(session, [Rule(name="a", title="A", turns="sad", above=limit)]).flags) for limit in (low, high)
    ]
    assert counts[1] <= counts[0]
