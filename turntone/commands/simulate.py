"""``turntone simulate``: conversations of known turns and emotions, made of a labelled corpus."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..terminal import Format, FormatOption, clock, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from reports.simulation.conversations import SimulatedConversation


class Condition(StrEnum):
    """Rooms and lines."""

    clean = "clean"
    noisy = "noisy"
    telephone = "telephone"
    reverberant = "reverberant"


class Course(StrEnum):
    """How the first speaker's emotions move over a conversation."""

    mixed = "mixed"
    flat = "flat"
    calming = "calming"
    escalating = "escalating"
    recovering = "recovering"
    brightening = "brightening"
    saddening = "saddening"


class Trend(StrEnum):
    """How they move from conversation to conversation."""

    none = "none"
    improving = "improving"
    worsening = "worsening"
    flat = "flat"


def simulate(
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS.csv", help="Utterances: columns path, speaker, emotion, perhaps text.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make.")],
    conversations: Annotated[int, typer.Option("--conversations", help="How many to make.")] = 8,
    speakers: Annotated[int, typer.Option("--speakers", help="Speakers of each conversation, 2 to 10.")] = 2,
    minutes: Annotated[float, typer.Option("--minutes", help="How long each lasts.")] = 3.0,
    overlap: Annotated[
        float, typer.Option("--overlap", help="Share of turns that begin before the one before has ended.")
    ] = 0.3,
    gaps: Annotated[float, typer.Option("--gaps", help="Mean seconds between turns that do not overlap.")] = 0.4,
    condition: Annotated[
        list[Condition] | None,
        typer.Option("--condition", help="Room or line; given several times, conversations take them in turn."),
    ] = None,
    course: Annotated[
        Course | None,
        typer.Option("--course", help="How the first speaker's emotions move [default: mixed; flat with a trend]."),
    ] = None,
    trend: Annotated[
        Trend, typer.Option("--trend", help="Make all of them one case that gets better, worse, or neither.")
    ] = Trend.none,
    emotions: Annotated[
        str | None, typer.Option("--emotions", help="Use utterances with these emotions only, such as angry,neutral.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides all that is drawn.")] = 0,
    format: FormatOption = Format.table,
) -> None:
    """Make conversations whose turns, overlaps and emotions are known, to evaluate on."""
    from reports.simulation.conversations import simulate as make
    from reports.simulation.plans import Plan
    from reports.simulation.timing import Timing

    plan = Plan(
        conversations=conversations,
        speakers=speakers,
        minutes=minutes,
        timing=Timing(gaps, overlap),
        conditions=tuple(each.value for each in condition or [Condition.clean]),
        course=(course or (Course.mixed if trend is Trend.none else Course.flat)).value,
        trend=trend.value,
        seed=seed,
    )
    wanted = [each.strip() for each in (emotions or "").split(",") if each.strip()]
    with progress_bar("Simulating") as progress:
        made = make(corpus, out, plan, wanted, progress)
    if format is Format.json:
        print_json({"folder": str(out), "conversations": [_facts(each) for each in made]})
        return
    columns = ("conversation", "duration", "speakers", "turns", "overlap", "condition", "most heard")
    print_table(columns, [_row(each) for each in made])
    say(f"measure the analysis on them: turntone evaluate {out}")


def _facts(made: SimulatedConversation) -> dict[str, Any]:
    return {
        "name": made.name,
        "duration": made.truth["duration"],
        "speakers": list(made.truth["talk_time"]),
        "num_turns": len(made.truth["turns"]),
        "overlap": round(made.overlap, 4),
        "condition": made.truth["condition"],
        "most_heard": made.most_heard,
    }


def _row(made: SimulatedConversation) -> tuple[Any, ...]:
    facts = _facts(made)
    speakers, overlap = ", ".join(facts["speakers"]), f"{facts['overlap']:.1%}"
    return (
        made.name, clock(facts["duration"]), speakers, facts["num_turns"], overlap, facts["condition"],
        facts["most_heard"],
    )  # fmt: skip
