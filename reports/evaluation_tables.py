"""What an evaluation of the whole analysis came to, as JSON values and as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .attribution import ATTRIBUTED_PARTS
from .diarization_errors import PARTS
from .evaluation_results import RecordingResult, pooled, trend_figures
from .recording_results import group_names, grouped, limits, rounded, three
from .recovery import Trend

Table = tuple[str | None, Sequence[str], list[tuple[Any, ...]]]
"""Title, headings and rows."""

COLUMNS = (
    "recording", "DER", "95 %", "missed", "false alarm", "confusion", "speakers", "found", "time factor",
    "recall, true turns", "recall, found turns",
)  # fmt: skip
"""Headings of ``Evaluation.table``."""

ATTRIBUTED_COLUMNS = (
    "recording", "attributed error", "95 %", "missed", "false alarm", "speaker wrong", "emotion wrong", "not scored",
)  # fmt: skip

TURN_COLUMNS = (
    "recording", "turns", "found", "right of scored", "recall", "95 %", "course r", "95 %", "course error", "95 %",
    "if neutral",
)  # fmt: skip

TREND_COLUMNS = ("case", "speaker", "sessions", "true", "found", "true direction", "found direction", "p", "shown")


@dataclass(frozen=True)
class Evaluation:
    """Results over a folder, and how to read them."""

    folder: str
    count_given: bool
    recordings: tuple[RecordingResult, ...]
    trends: tuple[Trend, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All as JSON values: pooled, by number of speakers, by condition, per recording, and the trends of cases."""
        return {
            "folder": self.folder,
            "count_given": self.count_given,
            "pooled": pooled(self.recordings),
            "by_num_speakers": {str(key): pooled(own) for key, own in grouped(self.recordings, "num_speakers")},
            "by_condition": {key: pooled(own) for key, own in grouped(self.recordings, "condition")},
            "recordings": [{"name": each.name} | pooled([each], interval=False) for each in self.recordings],
            "case_trends": trend_figures(self.trends)
            | {"trends": [rounded(vars(each)) | _directions(each) for each in self.trends]},
        }

    def table(self) -> list[tuple[Any, ...]]:
        """Rows for the terminal in the order of ``COLUMNS``: each recording, each group, all."""
        return self._rows(_row)

    def tables(self) -> list[Table]:
        """All that there is to show: who spoke when, and where emotions are known the rest."""
        shown: list[Table] = [(None, COLUMNS, self.table())]
        if any(each.attributed for each in self.recordings):
            shown.append(("Who said what how", ATTRIBUTED_COLUMNS, self._rows(_attributed_row)))
            shown.append(("Turns and courses", TURN_COLUMNS, self._rows(_turn_row)))
        if self.trends:
            shown.append(("Trends of cases: valence in 30 days", TREND_COLUMNS, list(map(_trend_row, self.trends))))
        return shown

    def _rows(self, row: Callable[..., tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        groups = [(each.name, [each]) for each in self.recordings] + group_names(self.recordings)
        return [row(name, pooled(own, len(own) > 1)) for name, own in groups]


def _directions(trend: Trend) -> dict[str, str | None]:
    return {
        "true_direction": trend.true_direction,
        "found_direction": trend.found_direction,
        "shown_direction": trend.shown_direction,
    }


def _row(name: str, figures: dict[str, Any]) -> tuple[Any, ...]:
    digits = "g" if figures["num_recordings"] == 1 else ".2f"
    return (
        name,
        three(figures["der"]),
        limits(figures, "der"),
        *(three(figures[part]) for part in PARTS),
        *(format(figures[key], digits) for key in ("num_speakers", "num_found")),
        three(figures["real_time_factor"]),
        three(figures["emotion_true_turns"]),
        three(figures["emotion_found_turns"]),
    )


def _attributed_row(name: str, figures: dict[str, Any]) -> tuple[Any, ...]:
    parts = [three(figures["attributed"][part]) for part in ATTRIBUTED_PARTS]
    return (name, three(figures["attributed_error"]), limits(figures, "attributed_error"), *parts)


def _turn_row(name: str, figures: dict[str, Any]) -> tuple[Any, ...]:
    return (
        name,
        str(figures["num_turns"]),
        three(figures["turns_found"]),
        three(figures["turn_accuracy"]),
        three(figures["turn_recall"]),
        limits(figures, "turn_recall"),
        three(figures["trajectory_correlation"]),
        limits(figures, "trajectory_correlation"),
        three(figures["trajectory_error"]),
        limits(figures, "trajectory_error"),
        three(figures["trajectory_neutral_error"]),
    )


def _trend_row(trend: Trend) -> tuple[Any, ...]:
    slopes = (f"{trend.true_slope:+.3f}", f"{trend.found_slope:+.3f}")
    directions = (trend.true_direction, trend.found_direction)
    return (trend.case, trend.speaker, trend.num_sessions, *slopes, *directions, three(trend.p), trend.shown_direction)
