"""A small corpus for tests: what the people of the shipped conversations say alone, turn by turn."""

from __future__ import annotations

import csv
from pathlib import Path

from turntone.speech import DemoTurn, demo_call, demo_case


def write_corpus(path: Path, **texts: str) -> Path:
    """A CSV file with a row a turn; ``texts`` gives what is said in turns of an emotion."""
    rows = [
        (recording.path, turn.start, turn.end, turn.speaker, turn.emotion, texts.get(str(turn.emotion), ""))
        for recording in (*demo_case().sessions, demo_call())
        for turn in recording.turns
        if not any(
            each.speaker != turn.speaker and each.start < turn.end and turn.start < each.end for each in recording.turns
        )
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "start", "end", "speaker", "emotion", "text"), *rows])
    return path


def _overlap(one: DemoTurn, two: DemoTurn) -> bool:
    return one.speaker != two.speaker and one.start < two.end and two.start < one.end


def write_rows(path: Path, *rows: str, heading: str = "path,speaker,emotion") -> Path:
    """A CSV file of these lines."""
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path
