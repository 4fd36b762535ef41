"""Looks for what rules say in a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any

from pipeline.masking import mask_of

from ..language import say, spoken, translated
from ..measures import find_measures, measure_session, speaker_names
from ..wording import by_chance, clock, in_unit, number, percent
from .evidence import Evidence, Run, evidence_of, moved_turns, runs_of, turns_in
from .rules import TURN_VALUES, Rule

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

__all__ = ["Evidence", "Findings", "Flag", "NotJudged", "find_flags"]

_SMALL_P = 0.05


@dataclass(frozen=True)
class Flag:
    """Something that a rule says is worth a look.

    Parameters
    ----------
    rule : Rule
        Which.
    speaker, other : str or None
        Labels of whom; None where it is of the session.
    value : float
        What was found: the measure's value, the longest run in seconds (``rule.turns`` with ``for``), the most extreme
        turn's value, or the change of the mean.
    sentence : str
        The same in words, in the language spoken when it was found.
    evidence : tuple of Evidence
        The turns to listen to, by time.
    p : float
        How often chance alone gives that; nan where it is not tested.
    """

    rule: Rule
    speaker: str | None
    other: str | None
    value: float
    sentence: str
    evidence: tuple[Evidence, ...]
    p: float = field(default=float("nan"))


@dataclass(frozen=True)
class NotJudged:
    """A rule that cannot be judged, of whom, and why."""

    rule: Rule
    speaker: str | None
    reason: str


@dataclass(frozen=True)
class Findings:
    """What rules found in a session.

    Parameters
    ----------
    flags : tuple of Flag
        In the order of the rules.
    not_judged : tuple of NotJudged
        Rules that could not be judged: silence about them is no good news.
    num_rules : int
        How many were looked at.
    """

    flags: tuple[Flag, ...]
    not_judged: tuple[NotJudged, ...]
    num_rules: int


def find_flags(session: Session, rules: Sequence[Rule]) -> Findings:
    """The flags that rules raise in a session, and the rules that could not be judged.

    Parameters
    ----------
    session : Session
        Also one without turns.
    rules : sequence of Rule
        As ``load_flags`` reads them.
    """
    looked = _Looked(session, tuple(rules))
    found = [each for rule in rules for each in _judged(rule, looked)]
    flags = tuple(each for each in found if isinstance(each, Flag))
    return Findings(flags, tuple(each for each in found if isinstance(each, NotJudged)), len(rules))


@dataclass(frozen=True)
class _Looked:
    """A session with what several rules need of it, each found once."""

    session: Session
    rules: tuple[Rule, ...]

    @cached_property
    def names(self) -> dict[str, str]:
        return speaker_names(self.session)

    @cached_property
    def measures(self) -> pd.DataFrame:
        wanted = list(dict.fromkeys(rule.measure for rule in self.rules if rule.measure))
        return measure_session(self.session, wanted)

    def meant(self, whose: str | None) -> list[str]:
        """The speakers whom a role, a participant's name or a label means; all for None."""
        rows: list[dict[Any, Any]] = self.session.speakers.to_dict("records")
        return [row["label"] for row in rows if whose in (None, row["role"], row["participant"], row["label"])]


def _judged(rule: Rule, looked: _Looked) -> Iterator[Flag | NotJudged]:
    meant, towards = looked.meant(rule.of), looked.meant(rule.towards)
    if looked.session.turns.empty:
        yield NotJudged(rule, None, say("no speech was found"))
    elif missing := next((who for who, them in ((rule.of, meant), (rule.towards, towards)) if not them), None):
        yield NotJudged(rule, None, say("nobody here is {who}; say who is who", who=say(missing)))
    elif rule.measure:
        yield from _by_measure(rule, looked, meant, towards)
    else:
        for speaker in meant:
            yield from _by_turns(rule, looked, speaker)


def _by_measure(rule: Rule, looked: _Looked, meant: list[str], towards: list[str]) -> Iterator[Flag | NotJudged]:
    table = looked.measures
    own = table[(table["measure"] == rule.measure) & (table["part"] == rule.quarter)]
    own = own[own["speaker"].isna() | own["speaker"].isin(meant)]
    own = own[own["other"].isna() | own["other"].isin(towards)]
    own = own if rule.key is None else own[(own["key"] == rule.key) | own["value"].isna()]
    if own.empty:
        key = f" '{rule.key}'" if rule.key else ""
        why = say(
            "{measure}{key} is not measured in the part {part}", measure=rule.measure, key=key, part=say(rule.part)
        )
        yield NotJudged(rule, None, why)
    rows: list[dict[Any, Any]] = own.to_dict("records")
    for row in rows:
        if isnan(row["value"]):
            yield NotJudged(rule, row["speaker"], _why_nothing(looked, row["speaker"], row["note"]))
        elif rule.holds(row["value"]) and (rule.p_below is None or row["p"] <= rule.p_below):
            evidence = evidence_of(looked.session, rule, row)
            yield Flag(
                rule, row["speaker"], row["other"], row["value"], _measured(rule, looked, row), evidence, row["p"]
            )


def _by_turns(rule: Rule, looked: _Looked, speaker: str) -> Iterator[Flag | NotJudged]:
    session, value = looked.session, str(rule.turns)
    if value not in (*TURN_VALUES, *session.scheme.labels):
        labels = ("、" if spoken() == "zh" else ", ").join(map(say, session.scheme.labels))
        why = say(
            "the recogniser of this session does not know {value}, only {labels}", value=say(value), labels=labels
        )
        yield NotJudged(rule, speaker, why)
        return
    turns = turns_in(session, rule, speaker)
    if turns.empty and not (rule.moves and session.turns.loc[session.turns["speaker"] == speaker, "scored"].any()):
        yield NotJudged(rule, speaker, _why_nothing(looked, speaker, None))
    elif rule.moves:
        yield from _by_movement(rule, looked, speaker)
    elif runs := [run for run in runs_of(turns, rule) if run.seconds >= rule.seconds]:
        evidence = tuple(each for run in runs for each in run.turns)
        longest = max(runs, key=lambda run: run.seconds)
        extreme = max(evidence, key=lambda each: each.value if rule.above is not None else -each.value)
        shown = longest.seconds if rule.seconds else extreme.value
        yield Flag(rule, speaker, None, shown, _in_runs(rule, looked.names[speaker], runs, longest), evidence)


def _by_movement(rule: Rule, looked: _Looked, speaker: str) -> Iterator[Flag | NotJudged]:
    moved = moved_turns(looked.session, rule, speaker)
    if moved is None:
        why = say("not enough data: 4 scored turns before the part and 4 in it are needed")
        yield NotJudged(rule, speaker, why)
    elif isnan(moved.chance):
        why = say("not enough data: for how long neighbouring turns stay alike, there are too few turns")
        yield NotJudged(rule, speaker, why)
    elif rule.moved(moved.before, moved.after) and moved.chance <= (rule.p_below or _SMALL_P):
        change = moved.after - moved.before
        yield Flag(
            rule, speaker, None, change, _moved(rule, looked.names[speaker], moved), moved.evidence, moved.chance
        )


def _why_nothing(looked: _Looked, speaker: str | None, note: str | None) -> str:
    roles = dict(zip(looked.session.speakers["label"], looked.session.speakers["role"], strict=True))
    masked = mask_of(looked.session.provenance).roles
    if speaker and masked and (roles.get(speaker) is None or roles[speaker] in masked):
        return say("masked: nothing of this speaker's emotions is computed")
    return translated(note) if note else say("not enough data")


def _measured(rule: Rule, looked: _Looked, row: dict[Any, Any]) -> str:
    (measure,) = find_measures([str(rule.measure)])
    limit = rule.above if rule.above is not None else rule.below
    words = {
        "who": " → ".join(looked.names[each] for each in (row["speaker"], row["other"]) if each) or say("the session"),
        "measure": say(measure.title) + (f" ({say(row['key'])})" if row["key"] else ""),
        "value": in_unit(row["value"], measure.unit) + ("" if isnan(row["p"]) else f", {by_chance(row['p'])}"),
        "limit": in_unit(float(limit or 0), measure.unit),
        "part": say(rule.part),
    }
    if rule.above is not None:
        return say("{who}, {part}: {measure} {value}, above {limit}.", **words)
    return say("{who}, {part}: {measure} {value}, below {limit}.", **words)


def _in_runs(rule: Rule, name: str, runs: Sequence[Run], longest: Run) -> str:
    limit = rule.above if rule.above is not None else rule.below
    words = {
        "who": name,
        "value": say(str(rule.turns)),
        "limit": _turn_value(rule, float(limit or 0)),
        "seconds": f"{longest.seconds:.0f}",
        "start": clock(longest.start),
        "end": clock(longest.end),
        "count": len(runs),
    }
    if rule.above is not None:
        return say(
            "{who}: {value} above {limit}; the longest stretch is {start} to {end}, with {seconds} s of own talk "
            "(stretches: {count}).",
            **words,
        )
    return say(
        "{who}: {value} below {limit}; the longest stretch is {start} to {end}, with {seconds} s of own talk "
        "(stretches: {count}).",
        **words,
    )


def _moved(rule: Rule, name: str, moved: Any) -> str:
    words = {
        "who": name,
        "value": say(str(rule.turns)),
        "part": say(rule.part),
        "after": _turn_value(rule, moved.after),
        "before": _turn_value(rule, moved.before),
        "p": by_chance(moved.chance),
    }
    return say("{who}: {value} {after} in the {part} after {before} before it ({p}).", **words)


def _turn_value(rule: Rule, value: float) -> str:
    """A value of turns: shares as percentages, what goes below 0 with its sign."""
    if rule.turns in ("valence", "arousal"):
        return number(value, signed=True)
    return say("{seconds} s", seconds=f"{value:g}") if rule.turns == "duration" else percent(value)
