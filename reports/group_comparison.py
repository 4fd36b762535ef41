"""Groups of sessions or people, from a table of covariates, compared in what the measures say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from diarization.errors import ConfigError

from .between.blocks import one_thread
from .between.covariates import Covariates, read_covariates
from .between.groups import Contrast, compare_groups
from .measures import Measure, find_measures, measure_session

if TYPE_CHECKING:
    from pipeline.sessions import Session

DEFAULT_MEASURES = ("talk_share", "turn_length_mean", "affect_mean", "emotion_share")
"""What groups are compared in where no measure is named."""

_COLUMNS = ["outcome", "unit", "level", "participant", "session", "value", "num_turns"]


@dataclass(frozen=True)
class GroupComparison:
    """Groups against a reference, ready for a paper.

    Parameters
    ----------
    by : str
        The column of the table of covariates.
    contrasts : tuple of Contrast
        One for each outcome and each group but the reference.
    correction : str
        Of p_corrected, among all contrasts.
    observations : pd.DataFrame
        What they stand on: ``outcome, unit, level, participant, session, value, num_turns``, a row a participant,
        session and outcome; ``participant`` is case and name.
    left_out : tuple of str
        Who took no part and why, a sentence each.
    """

    by: str
    contrasts: tuple[Contrast, ...]
    correction: str
    observations: pd.DataFrame
    left_out: tuple[str, ...]

    @property
    def counts(self) -> pd.DataFrame:
        """Exact numbers of each group over all outcomes: ``level, num_speakers, num_sessions``."""
        by_level = self.observations.groupby("level")
        counted = by_level.agg(num_speakers=("participant", "nunique"), num_sessions=("session", "nunique"))
        return counted.reset_index()


def group_comparison(
    sessions: Sequence[Session],
    groups: str | Path | Covariates,
    by: str,
    measures: Sequence[str] | None = None,
    role: str | None = None,
    reference: str | None = None,
    correction: str = "benjamini-hochberg",
) -> GroupComparison:
    """Compare groups of speakers or sessions.

    A speaker is compared who is a known participant and of whom the table says something; what a measure has too
    little data for, or what is masked, takes no part. Of measures of whole sessions, the case stands for the people.

    Parameters
    ----------
    sessions : sequence of Session
        Of any cases.
    groups : str, Path or Covariates
        CSV file with a column ``session`` (id, how it begins, or the recording's file name), ``participant`` or both,
        ``case`` where names are used in several, and the covariates.
    by : str
        The covariate whose values are the groups.
    measures : sequence of str, optional
        Of speakers or of sessions (docs/measures.md); ``DEFAULT_MEASURES`` where left out.
    role : str, optional
        Only speakers of this role.
    reference, correction : str
        As for ``between.groups.compare_groups``.

    Raises
    ------
    ConfigError
        Where the table cannot be used, a measure is none of these, or there are not two groups.
    """
    chosen = _measures(measures or DEFAULT_MEASURES)
    table = groups if isinstance(groups, Covariates) else read_covariates(groups, by)
    rows, left_out = [], _unknown(table, sessions)
    with one_thread():
        for session in sessions:
            rows += list(_rows(session, chosen, table, by, role))
            left_out += _unnamed(session, role)
    observations = pd.DataFrame(rows, columns=_COLUMNS)
    contrasts = compare_groups(observations, reference, correction)
    return GroupComparison(by, contrasts, correction, observations, tuple(left_out))


def _measures(names: Sequence[str]) -> tuple[Measure, ...]:
    found = find_measures(names)
    for measure in found:
        if measure.scope not in ("speaker", "session") or measure.detail:
            raise ConfigError(
                f"measure '{measure.name}': groups are compared in single values of speakers or sessions; this one is "
                f"of {'a pair' if measure.scope == 'pair' else 'a case' if measure.scope == 'case' else 'each detail'}"
            )
    return found


def _rows(
    session: Session, chosen: Sequence[Measure], table: Covariates, by: str, role: str | None
) -> Iterator[tuple[Any, ...]]:
    """Observations of a session: those of its participants whom the table knows, and of itself."""
    known = session.speakers.dropna(subset=["participant"])
    people = {row["label"]: row["participant"] for row in known.to_dict("records") if role in (None, row["role"])}
    levels = {label: table.level(by, session, name) for label, name in people.items()}
    levels[None] = table.level(by, session, None)
    if not any(levels.values()):
        return
    counts = _turn_counts(session)
    kinds = {measure.name: measure for measure in chosen}
    values = measure_session(session, list(kinds))
    for row in values[values["part"] == "session"].to_dict("records"):
        label, measure = row["speaker"], kinds[row["measure"]]
        level = levels.get(label)
        if level is None or row["value"] != row["value"]:
            continue
        whose = people[label] if label is not None else "session"
        turns = sum(count[measure.emotional] for speaker, count in counts.items() if label in (None, speaker))
        outcome = f"{measure.name}: {row['key']}" if row["key"] else measure.name
        yield outcome, measure.unit, level, f"{session.case or session.id}/{whose}", session.id, row["value"], turns


def _turn_counts(session: Session) -> dict[str, tuple[int, int]]:
    """Turns and scored turns, by speaker."""
    counted = session.turns.groupby("speaker")["scored"].agg(["size", "sum"])
    return {str(label): (int(size), int(scored)) for label, size, scored in counted.itertuples()}


def _unknown(table: Covariates, sessions: Sequence[Session]) -> list[str]:
    lines = table.unknown(sessions)
    if not lines:
        return []
    named = ", ".join(map(str, lines[:8])) + (", ..." if len(lines) > 8 else "")
    return [f"{table.path.name}: {len(lines)} of {len(table.rows)} rows speak of nobody there is (line {named})"]


def _unnamed(session: Session, role: str | None) -> list[str]:
    unnamed = session.speakers[session.speakers["participant"].isna()]
    count = len(unnamed if role is None else unnamed[unnamed["role"] == role])
    who = "1 speaker is" if count == 1 else f"{count} speakers are"
    return [f"session {session.id}: {who} no known participant and left out"] if count else []
