"""What a session's tables say of each speaker on average: one table for each question, a row for each speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..resampling import mean_of
from ..turns import LEAST_TURNS, durations_of, scored_turns
from .people import speaker_names

if TYPE_CHECKING:
    from pipeline.sessions import Session


def talk_time(session: Session) -> pd.DataFrame:
    """How long and how often each speaker talks.

    Returns
    -------
    pd.DataFrame
        One row a speaker, in the session's order: ``speaker`` (label), ``name``, ``role``, ``talk_time`` (seconds,
        overlap included), ``share`` (of all speakers' talk time, 0 to 1), ``num_turns``, ``num_scored``,
        ``mean_turn`` (seconds; nan without turns).
    """
    turns = session.turns.assign(duration=durations_of(session.turns))
    by_speaker = turns.groupby("speaker")
    counted = by_speaker.agg(num_turns=("start", "size"), num_scored=("scored", "sum"), mean_turn=("duration", "mean"))
    table = session.speakers.rename(columns={"label": "speaker"}).merge(counted, on="speaker", how="left")
    table[["num_turns", "num_scored"]] = table[["num_turns", "num_scored"]].fillna(0).astype(int)
    table["share"] = table["talk_time"] / max(table["talk_time"].sum(), 1e-9)
    table["name"] = table["speaker"].map(speaker_names(session))
    columns = ["speaker", "name", "role", "talk_time", "share", "num_turns", "num_scored", "mean_turn"]
    return table[columns]


def emotion_shares(session: Session) -> pd.DataFrame:
    """How much of each speaker's scored time falls to each emotion.

    A turn gives its duration to the emotions in proportion to their probabilities, so that an unsure turn counts for
    several; time that is not scored counts for none.

    Returns
    -------
    pd.DataFrame
        ``speaker, emotion, share, seconds``, the emotions in scheme order; shares of a speaker sum to 1. Speakers
        without scored turns have no rows.
    """
    rows = []
    for speaker in session.speakers["label"]:
        own = scored_turns(session, speaker)
        durations = durations_of(own)
        if durations.sum() > 0:
            seconds = durations @ own[session.score_columns].to_numpy()
            rows += [
                (speaker, label, float(each / durations.sum()), float(each))
                for label, each in zip(session.scheme.labels, seconds, strict=True)
            ]
    return pd.DataFrame(rows, columns=["speaker", "emotion", "share", "seconds"])


def affect(session: Session) -> pd.DataFrame:
    """Mean valence and arousal of each speaker, each turn weighted by its duration.

    Both are derived from the emotion scores and lie in [-1, 1].

    Returns
    -------
    pd.DataFrame
        ``speaker, valence, arousal, num_turns``; nan where fewer than ``LEAST_TURNS`` turns are scored.
    """
    rows = []
    for speaker in session.speakers["label"]:
        own = scored_turns(session, speaker)
        rows.append((speaker, *(_mean(own, column) for column in ("valence", "arousal")), len(own)))
    return pd.DataFrame(rows, columns=["speaker", "valence", "arousal", "num_turns"])


def _mean(turns: pd.DataFrame, column: str) -> float:
    known = turns.dropna(subset=[column])
    enough = len(known) >= LEAST_TURNS
    return float(mean_of(known[column].to_numpy(), durations_of(known))) if enough else float("nan")
