"""The truth of a simulated conversation, as ``turntone evaluate`` reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .sound import RATE, PlacedTurn


def turn_row(number: int, turns: Sequence[PlacedTurn]) -> dict[str, Any]:
    """One turn of the truth: seconds to the millisecond."""
    turn = turns[number]
    return {
        "turn": number,
        "start": round(turn.start / RATE, 3),
        "end": round(turn.end / RATE, 3),
        "speaker": turn.speaker,
        "emotion": turn.emotion,
        "overlap_with_previous": number > 0 and turn.start < turns[number - 1].end,
    }


def time_facts(speakers: Sequence[str], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Seconds by speaker and emotion, and each speaker's most frequent emotion."""
    times: dict[str, Counter[str]] = {speaker: Counter() for speaker in speakers}
    for row in rows:
        times[row["speaker"]][row["emotion"]] += round(1000 * (row["end"] - row["start"]))
    return {
        "n_speakers": len(times),
        "talk_time": {speaker: spent.total() / 1000 for speaker, spent in times.items()},
        "emotion_time": {speaker: {key: ms / 1000 for key, ms in spent.items()} for speaker, spent in times.items()},
        "dominant_emotion": {speaker: spent.most_common(1)[0][0] for speaker, spent in times.items() if spent},
    }


def rttm_text(uri: str, rows: Sequence[dict[str, Any]]) -> str:
    """The turns as RTTM lines."""
    return "".join(
        f"SPEAKER {uri} 1 {row['start']:.3f} {row['end'] - row['start']:.3f} <NA> <NA> {row['speaker']} <NA> <NA>\n"
        for row in rows
    )
