"""Writes docs/measures.md from the registry of measures; run it after a change of the measures."""

from pathlib import Path

from reports.measures import MEASURES, Measure
from reports.measures.registry import GROUPS

HEAD = """# Measures

`turntone measures SESSION`, `turntone measures --case NAME` and `turntone.measures(session)` give all of these in one
table ([json.md](json.md) names its columns). Every value stands on a number of turns, pauses, sessions or whatever the
measure needs; below the least number it is "not enough data", with what would be enough. Where a value has `p`, that is
how often chance alone gives such a value or a more extreme one. Many values are looked at here: of twenty tests without
any effect, one has p below 0.05.

What stands on emotions says how voices sounded to a model, not what anybody felt.
"""

ENTRY = """
### {title}

`{name}`, of each {scope}, in {unit}. {interpretation}

| | |
|---|---|
| definition | {definition} |
| needs | at least {least} |
| caution | {caution} |
| source | {source} |
"""

SCOPES = {
    "speaker": "speaker",
    "pair": "ordered pair of speakers",
    "session": "session",
    "case": "participant over a case",
}


def page() -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for group in GROUPS:
        entries = [_entry(measure) for measure in MEASURES if measure.group == group]
        parts += [f"\n## {group.capitalize()}\n", *entries] if entries else []
    return "".join(parts)


def _entry(measure: Measure) -> str:
    texts = {name: getattr(measure, name) for name in ("title", "name", "unit", "interpretation")}
    cells = {name: str(getattr(measure, name)).replace("|", "\\|") for name in ("definition", "caution", "source")}
    return ENTRY.format(**texts, **cells, scope=SCOPES[measure.scope], least=measure.least)


if __name__ == "__main__":
    Path(__file__).parent.parent.joinpath("docs", "measures.md").write_text(page(), encoding="utf-8")
