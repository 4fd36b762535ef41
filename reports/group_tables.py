"""A comparison of groups as tables: for programs, and as it stands in a paper."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd

from .between.groups import Contrast, Level
from .group_comparison import GroupComparison
from .language import say, sentences

COLUMNS = (
    "outcome", "unit", "level", "mean", "sd", "num_speakers", "num_sessions", "num_turns", "reference",
    "reference_mean", "reference_sd", "reference_num_speakers", "reference_num_sessions", "reference_num_turns",
    "difference", "low", "high", "effect", "df", "p", "p_corrected", "icc", "note",
)  # fmt: skip
"""The columns of ``group_table``, in order."""


def group_table(found: GroupComparison) -> pd.DataFrame:
    """A row a contrast, with ``COLUMNS``; nan where there is not enough data."""
    return pd.DataFrame([_record(each) for each in found.contrasts], columns=list(COLUMNS))


def group_json(found: GroupComparison) -> dict[str, Any]:
    """The same as JSON values, with the exact numbers of each group and how it was done."""
    table = group_table(found)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {
        "by": found.by,
        "correction": found.correction,
        "groups": found.counts.to_dict("records"),
        "contrasts": rows,
        "left_out": list(found.left_out),
        "method": methods_text(found),
    }


def group_markdown(found: GroupComparison) -> str:
    """A table for a paper: means (standard deviations), difference with interval, d, p; then numbers and methods."""
    head = ["Outcome", "Group", "M (SD)", "n", "Reference", "M (SD)", "n", "Difference [95 % CI]", "d", "p", "p corr."]
    lines = [head, ["---"] * len(head), *(_cells(each) for each in found.contrasts)]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    notes = [f"{each.outcome}, {each.level.name}: {each.note}." for each in found.contrasts if each.note]
    text = [table, "n: speakers / sessions / turns. " + methods_text(found), *notes]
    return "\n\n".join([*text, *(f"Left out: {each}." for each in found.left_out)]) + "\n"


def methods_text(found: GroupComparison) -> str:
    """How it was done, as a methods section says it."""
    corrections = {"benjamini-hochberg": "Benjamini and Hochberg's", "holm": "Holm's"}
    tests = sum(not isnan(each.p) for each in found.contrasts)
    how = say(
        "Groups were compared by linear mixed models with a random intercept a participant, fitted by restricted "
        "maximum likelihood, the observation being a participant in a session; where nobody was in both groups, the "
        "participants' means were tested (Knapp and Hartung 2003). d is the difference over the standard deviation "
        "within groups."
    )
    if found.correction not in corrections:
        return sentences(how, say("p was not corrected."))
    corrected = say(
        "p was corrected for {tests} tests by {whose} method.", tests=tests, whose=corrections[found.correction]
    )
    return sentences(how, corrected)


def _record(each: Contrast) -> dict[str, Any]:
    return {
        "outcome": each.outcome,
        "unit": each.unit,
        **_level("", each.level),
        **_level("reference_", each.reference),
        "difference": each.difference,
        "low": each.low,
        "high": each.high,
        "effect": each.effect,
        "df": each.freedom,
        "p": each.p,
        "p_corrected": each.p_corrected,
        "icc": each.shared,
        "note": each.note,
    }


def _level(prefix: str, level: Level) -> dict[str, Any]:
    return {
        "reference" if prefix else "level": level.name,
        f"{prefix}mean": level.mean,
        f"{prefix}sd": level.deviation,
        f"{prefix}num_speakers": level.num_speakers,
        f"{prefix}num_sessions": level.num_sessions,
        f"{prefix}num_turns": level.num_turns,
    }


def _cells(each: Contrast) -> list[str]:
    sides = [cell for level in (each.level, each.reference) for cell in _side(level)]
    if isnan(each.p):
        return [_safe(each.outcome), *sides, "not enough data", "–", "–", "–"]
    difference = f"{_number(each.difference)} [{_number(each.low)}, {_number(each.high)}]"
    return [_safe(each.outcome), *sides, difference, _number(each.effect), _chance(each.p), _chance(each.p_corrected)]


def _side(level: Level) -> list[str]:
    counts = f"{level.num_speakers} / {level.num_sessions} / {level.num_turns}"
    return [_safe(level.name), f"{_number(level.mean)} ({_number(level.deviation)})", counts]


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _chance(p: float) -> str:
    """p as journals print it.

    >>> _chance(0.0004), _chance(0.0312), _chance(1.0)
    ('< .001', '.031', '1.000')
    """
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
