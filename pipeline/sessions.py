"""One analysed Recording: who spoke when, what each turn sounded like, and how that was found."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diarization.recordings import Recording
from diarization.segments import Segment
from emotion.schemes import EmotionScheme

from .reviews import Review

TURN_COLUMNS = (
    "start", "end", "speaker", "speaker_confidence", "emotion", "confidence", "valence", "arousal",
    "overlap", "scored", "reason", "text",
)  # fmt: skip
"""Columns of every table of turns, before the ``score_LABEL`` columns of its scheme."""


def empty_matrix() -> NDArray[np.float32]:
    """An array of shape (0, 0)."""
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class SessionArrays:
    """What is too large for tables.

    Parameters
    ----------
    embeddings : np.ndarray, shape (num_turns, dimension)
        The recogniser's, rows in the order of the turns; nan where a turn is not scored.
    frame_scores : np.ndarray, shape (frames, labels)
        Of all scored turns, one after the other, in scheme order; each row sums to 1.
    frame_offsets : np.ndarray of int64, shape (num_turns + 1,)
        Turn ``i`` has the rows ``frame_offsets[i]:frame_offsets[i + 1]``; none where it is not scored.
    frame_times : np.ndarray of float64, shape (frames,)
        Seconds from the beginning of the recording to each row's middle.
    speaker_embeddings : np.ndarray, shape (num_speakers, dimension)
        The diarizer's, rows in the order of the speakers.
    peaks : np.ndarray, shape (points, 2)
        Lowest and highest sample of equal stretches of the recording, for drawing.
    voices : np.ndarray, shape (num_turns, 3)
        Median pitch (semitones over 55 Hz), level (dBFS) and rate (loudness peaks a second) of each turn; nan where a
        turn is not scored. Of shape (0, 0) in sessions that were analysed before it was measured.
    """

    embeddings: NDArray[np.float32] = field(default_factory=empty_matrix)
    frame_scores: NDArray[np.float32] = field(default_factory=empty_matrix)
    frame_offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    frame_times: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    speaker_embeddings: NDArray[np.float32] = field(default_factory=empty_matrix)
    peaks: NDArray[np.float32] = field(default_factory=empty_matrix)
    voices: NDArray[np.float32] = field(default_factory=empty_matrix)


@dataclass(frozen=True)
class Session:
    """One analysed Recording.

    Parameters
    ----------
    id : str
        12 hexadecimal digits, from the recording's id and the case's name.
    case : str or None
        Name of the Case it belongs to.
    date : datetime.date or None
        Day of the conversation.
    recording : Recording
        Facts of the file.
    scheme : EmotionScheme
        Of the recogniser that scored the turns.
    speakers : pd.DataFrame
        ``label, participant, role, talk_time`` (seconds, overlap included) and ``match``, one row a speaker in order of
        first speech. The participant is who the speaker counts as, None while nobody and no voice says who it is.
        ``match`` says how that came: ``participant``, ``probability`` (0 to 1; None where a person said it) and
        ``confirmed`` (whether a person did); where the participant is None, it is a suggestion that does not count,
        or None.
    segments : pd.DataFrame
        ``start, end, speaker``: the diarization in seconds, overlap kept, ordered by start.
    turns : pd.DataFrame
        ``TURN_COLUMNS``, then ``score_LABEL`` for every label of the scheme, one row a turn ordered by start. Times
        in seconds, ``speaker_confidence`` how sure the diarizer is of the speaker, in [0, 1] or nan where it does not
        say, valence and arousal derived from the scores and in [-1, 1], overlap as share of the turn's speech.
        Where ``scored`` is False the reason says why, ``emotion`` is None and the numbers are nan. ``text`` is what is
        said, where a file said so and the settings keep it, else None.
    quality : dict
        Notes on the sound, JSON values only.
    provenance : dict
        Models, revisions, settings, versions, baselines; JSON values only.
    arrays : SessionArrays
        Embeddings, frame scores, waveform peaks.
    notes : tuple of str
        Sentences a reader should see beside the results.
    speaker_count : dict or None
        ``found``, ``forced`` and ``confidence`` of a SpeakerCount; None where the diarizer does not count.
    reviews : mapping
        By row of the turn, what the machine had said where a person answered; ``turns``, ``segments`` and the talk
        times have the person's answer.
    """

    id: str
    case: str | None
    date: datetime.date | None
    recording: Recording
    scheme: EmotionScheme
    speakers: pd.DataFrame
    segments: pd.DataFrame
    turns: pd.DataFrame
    quality: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    arrays: SessionArrays = field(default_factory=SessionArrays)
    notes: tuple[str, ...] = ()
    speaker_count: dict[str, Any] | None = None
    reviews: Mapping[int, Review] = field(default_factory=dict)

    @property
    def score_columns(self) -> list[str]:
        """The columns of ``turns`` that hold the scores, in scheme order."""
        return [f"score_{label}" for label in self.scheme.labels]

    @property
    def channels(self) -> dict[str, str]:
        """The channel (``left``, ``right``, or its number) of each speaker who has one to himself; else empty."""
        return dict((self.provenance.get("channels") or {}).get("speakers") or {})

    def name_of(self, speaker: str) -> str:
        """What to call a speaker: the participant's name where it is known, else the label."""
        row = self.speakers.loc[self.speakers["label"] == speaker].iloc[0]
        return str(row["participant"] or row["label"])

    def who_is(self, speaker: str) -> str:
        """The same with how sure it is where no person said so, as ``Anna (voice, 93 %)``, suggestions included."""
        row = self.speakers.loc[self.speakers["label"] == speaker].iloc[0]
        return participant_words(row["participant"], row["match"]) or str(row["label"])

    def shown_name(self, speaker: str) -> str:
        """The same without suggestions, which do not count: for figures and tables of results."""
        return self.who_is(speaker) if self.name_of(speaker) != speaker else speaker

    def frames_of(self, turn: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Frame times (seconds, shape (frames,)) and frame scores (frames, labels) of one turn, by its row."""
        rows = slice(self.arrays.frame_offsets[turn], self.arrays.frame_offsets[turn + 1])
        return self.arrays.frame_times[rows], self.arrays.frame_scores[rows]

    def to_json(self) -> dict[str, Any]:
        """The session as JSON values: what ``turntone analyze --format json`` prints, one of these a recording."""
        return {
            "session": {"id": self.id, "case": self.case, "date": self.date.isoformat() if self.date else None},
            "recording": {
                "id": self.recording.id,
                "path": str(self.recording.path),
                "duration": round(self.recording.duration, 3),
                "sampling_rate": self.recording.sampling_rate,
                "channels": self.recording.channels,
            },
            "speakers": [row | {"channel": self.channels.get(row["label"])} for row in _records(self.speakers)],
            "speaker_count": self.speaker_count,
            "segments": _records(self.segments),
            "turns": [self._turn_json(turn, row) for turn, row in enumerate(_records(self.turns))],
            "quality": self.quality,
            "provenance": self.provenance,
            "notes": list(self.notes),
        }

    def _turn_json(self, turn: int, row: dict[str, Any]) -> dict[str, Any]:
        scores = {label: row[f"score_{label}"] for label in self.scheme.labels} if row["scored"] else None
        keys = ("start", "end", "speaker", "speaker_confidence", "emotion", "confidence")
        rest = ("valence", "arousal", "overlap", "scored", "reason", "text")
        review = self.reviews.get(turn)
        answered = {"reviewed": list(review.fields) if review else [], "machine": review.to_json() if review else None}
        return {key: row[key] for key in keys} | {"scores": scores} | {key: row[key] for key in rest} | answered


def turns_table(rows: Sequence[dict[str, Any]], scheme: EmotionScheme) -> pd.DataFrame:
    """A table of turns with its columns in order and of fixed types, also where there are no rows."""
    columns = [*TURN_COLUMNS, *(f"score_{label}" for label in scheme.labels)]
    texts = ("speaker", "emotion", "reason", "text")
    table = pd.DataFrame(list(rows), columns=columns)
    types = {column: object if column in texts else bool if column == "scored" else float for column in columns}
    table = table.astype(types)
    for column in texts:
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return table


def speakers_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A table of speakers with fixed columns and types, also where there are no rows.

    A participant without ``match`` is one whom a person named.
    """
    rows = [{"match": said_by_a_person(row["participant"]) if row.get("participant") else None} | row for row in rows]
    table = pd.DataFrame(rows, columns=["label", "participant", "role", "talk_time", "match"])
    table["talk_time"] = table["talk_time"].astype(float)
    for column in ("label", "participant", "role", "match"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return table


def said_by_a_person(participant: str) -> dict[str, Any]:
    """The ``match`` of a speaker of whom a person said who it is."""
    return {"participant": participant, "probability": None, "confirmed": True}


def participant_words(participant: str | None, match: Mapping[str, Any] | None) -> str | None:
    """A participant and, where only the voice says so, how sure that is; None for a speaker whom nothing is known of.

    >>> participant_words("Anna", {"participant": "Anna", "probability": 0.934, "confirmed": False})
    'Anna (voice, 93 %)'
    >>> participant_words(None, {"participant": "Anna", "probability": 0.71, "confirmed": False})
    'perhaps Anna (voice, 71 %)'
    """
    if match is None or match["confirmed"] or match["probability"] is None:
        return participant
    shown = f"{match['participant']} (voice, {min(99, int(100 * match['probability']))} %)"
    return shown if participant else f"perhaps {shown}"


def segments_table(segments: Sequence[tuple[Segment, str]]) -> pd.DataFrame:
    """A table of segments with fixed columns and types, also where there are no rows."""
    rows = [(segment.start, segment.end, speaker) for segment, speaker in segments]
    table = pd.DataFrame(rows, columns=["start", "end", "speaker"])
    return table.astype({"start": float, "end": float, "speaker": object})


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    """A JSON value: nan becomes None, numpy scalars become Python's, floats keep six digits."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if isnan(value) else round(value, 6)
    return value
