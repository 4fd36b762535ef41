"""Scores sessions again where who is who has changed: from the voice features kept, without the audio."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from emotion.recognizers import Baseline, BaselineRecognizer

from ..engines import recognizer_of
from ..own_models import OwnModels
from ..scoring import MeasuredVoices, ScoredTurns, baseline_notes, recognize_measured, score_turns
from .artifacts import Staging, read_arrays
from .loading import artifacts_of, session_row_of, speaker_rows_of, turn_rows_of
from .models import SESSIONS, SPEAKERS, TURNS
from .recalibrating import stored_readout
from .rows import plain, scheme_of, turn_counts, turn_rows
from .writing import now, replace_artifact

STALE = (
    "The scores stand on an earlier choice of who is who, as the recogniser that measured these voices is not here any "
    "more; analyse the recording again."
)


class Rescoring:
    """Scores sessions of one transaction again; what several of them need is read once."""

    def __init__(self, connection: Connection, folder: Path, staging: Staging) -> None:
        self._connection, self._folder, self._staging = connection, folder, staging
        self._own = OwnModels(folder)
        self._voices: dict[str, MeasuredVoices | None] = {}
        self._speakers: dict[str, list[str]] = {}
        self._recognizers: dict[str, BaselineRecognizer | None] = {}
        self._baselines: dict[tuple[int, str], Baseline] = {}

    def __call__(self, session_ids: Iterable[str]) -> list[str]:
        """Score these sessions again; gives those whose scores were found anew."""
        return [each for each in sorted(session_ids) if self._rescore(each)]

    def _rescore(self, session_id: str) -> bool:
        measured = self._measured(session_id)
        if measured is None:
            return False
        row = session_row_of(self._connection, session_id)
        recognizer = self._recognizer(row["models"])
        readout = stored_readout(row, self._own)
        if recognizer is None or readout is None:
            self._note(session_id, row, stale=True)
            return False
        baselines = self._session_baselines(session_id, recognizer, row["models"])
        speakers = self._turn_speakers(session_id)
        recognitions = recognize_measured(recognizer, measured, speakers, baselines)
        turns = [dict(turn) for turn in turn_rows_of(self._connection, session_id)]
        self._store(session_id, score_turns(turns, readout, measured.windows, recognitions), baselines)
        return True

    def _session_baselines(
        self, session_id: str, recognizer: BaselineRecognizer, models: dict[str, Any]
    ) -> dict[str, Baseline]:
        baselines = {}
        for row in speaker_rows_of(self._connection, session_id):
            if row["participant_id"] is not None and self._of(session_id, row["label"]):
                baselines[row["label"]] = self._pooled(row["participant_id"], recognizer, models)
            elif own := self._of(session_id, row["label"]):
                baselines[row["label"]] = recognizer.pool(own, "session")
        return baselines

    def _pooled(self, participant: int, recognizer: BaselineRecognizer, models: dict[str, Any]) -> Baseline:
        key = participant, str(models["recognizer"])
        if key not in self._baselines:
            spoken = [own for own in self._spoken(participant, models) if own]
            scope = "case" if len(spoken) > 1 else "session"
            self._baselines[key] = recognizer.pool([each for own in spoken for each in own], scope)
        return self._baselines[key]

    def _spoken(self, participant: int, models: dict[str, Any]) -> list[list[Any]]:
        """What the participant said, session by session, as measured by the same recogniser."""
        statement = (
            select(SPEAKERS.c.session_id, SPEAKERS.c.label, SESSIONS.c.models)
            .join_from(SPEAKERS, SESSIONS)
            .where(SPEAKERS.c.participant_id == participant)
            .order_by(SPEAKERS.c.session_id)
        )
        rows = self._connection.execute(statement).all()
        return [self._of(each, label) for each, label, own in rows if own.get("recognizer") == models["recognizer"]]

    def _of(self, session_id: str, label: str) -> list[Any]:
        measured = self._measured(session_id)
        return measured.of(label, self._turn_speakers(session_id)) if measured else []

    def _measured(self, session_id: str) -> MeasuredVoices | None:
        if session_id not in self._voices:
            file = artifacts_of(self._connection, session_id).get("voices")
            arrays = read_arrays(self._folder, file) if file else None
            self._voices[session_id] = None if arrays is None else MeasuredVoices.from_arrays(arrays)
        return self._voices[session_id]

    def _turn_speakers(self, session_id: str) -> list[str]:
        if session_id not in self._speakers:
            statement = select(TURNS.c.speaker).where(TURNS.c.session_id == session_id).order_by(TURNS.c.position)
            self._speakers[session_id] = list(self._connection.execute(statement).scalars())
        return self._speakers[session_id]

    def _recognizer(self, models: dict[str, Any]) -> BaselineRecognizer | None:
        key = str(models.get("recognizer"))
        if key not in self._recognizers:
            found = recognizer_of(models) if models else None
            self._recognizers[key] = found if isinstance(found, BaselineRecognizer) else None
        return self._recognizers[key]

    def _store(self, session_id: str, scored: ScoredTurns, baselines: dict[str, Baseline]) -> None:
        row = session_row_of(self._connection, session_id)
        self._connection.execute(delete(TURNS).where(TURNS.c.session_id == session_id))
        if rows := turn_rows(session_id, scored.table, scheme_of(row)):
            self._connection.execute(insert(TURNS), rows)
        replace_artifact(self._connection, session_id, "emotion", self._staging.arrays(scored.arrays))
        people = {each["label"]: each["participant"] for each in speaker_rows_of(self._connection, session_id)}
        provenance = row["provenance"] | {"baselines": plain(baseline_notes(baselines, people))}
        self._update(session_id, provenance=provenance, **turn_counts(scored.table))
        self._note(session_id, row, stale=False)

    def _note(self, session_id: str, row: Any, stale: bool) -> None:
        notes = [note for note in row["notes"] if note != STALE]
        self._update(session_id, notes=notes + [STALE] * stale)

    def _update(self, session_id: str, **values: Any) -> None:
        statement = update(SESSIONS).where(SESSIONS.c.id == session_id)
        self._connection.execute(statement.values(changed=now(), **values))
