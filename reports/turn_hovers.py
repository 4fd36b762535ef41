"""What a turn says of itself where it is pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emotion.readout import UNCERTAIN

from .drawing import clock, safe, short, wrapped
from .language import say, translated
from .measures import speaker_names

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session


def turn_hovers(session: Session, turns: pd.DataFrame) -> list[str]:
    """A text a turn, safe to show: who, when, the three likeliest emotions, or why there is none."""
    names = {label: safe(short(name, 40)) for label, name in speaker_names(session).items()}
    rows: list[dict[Any, Any]] = turns.to_dict("records")
    return [_hover(row, names[row["speaker"]], session.scheme.labels) for row in rows]


def _hover(row: dict[Any, Any], name: str, labels: Sequence[str]) -> str:
    head = say("{who}, {start} to {end}", who=name, start=clock(row["start"]), end=clock(row["end"]))
    if row.get("text"):
        head += "<br>" + wrapped(f"“{short(row['text'], 160)}”", 44)
    if not row["scored"]:
        return f"{head}<br>" + wrapped(say("not scored: {reason}", reason=translated(row["reason"] or "")), 44)
    scores = sorted(((row[f"score_{label}"], label) for label in labels), reverse=True)[:3]
    under = say("{share:.0%} under other voices", share=row["overlap"]) if row["overlap"] >= 0.01 else ""
    open_ = ""
    if row["emotion"] == UNCERTAIN:
        open_ = wrapped(say("uncertain: {reason}", reason=translated(row["reason"] or "")), 44)
    shown = ", ".join(f"{safe(say(label))} {score:.0%}" for score, label in scores)
    return "<br>".join(filter(None, [head, shown, under, open_]))
