"""Corrections: what a person says of a session's turns, step by step, with undo and redo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from diarization.errors import WorkspaceError
from emotion.readout import UNCERTAIN

from .masking import mask_of
from .sessions import Session
from .store.corrections import add_step, answers_of, put_again, review_counts, steps_of, take_back
from .store.models import SESSIONS
from .store.seen import seen_sessions
from .store.trail import record
from .workspace import Workspace


@dataclass(frozen=True)
class Steps:
    """How many steps of a session's corrections count, and how many were taken back and can be put again."""

    done: int
    undone: int

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"done": self.done, "undone": self.undone}


@dataclass(frozen=True)
class ReviewCount:
    """How many turns of a session nobody reviewed of which the machine is unsure, and how many were reviewed."""

    unsure: int
    reviewed: int


class Corrections:
    """The corrections of a workspace. What the machine found is kept beside them, and measures read the corrected.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def steps(self, prefix: str) -> Steps:
        """What can be taken back and put again in a session."""
        with self._workspace.reading() as connection:
            known = self._workspace.known(connection, prefix)
            assert connection is not None
            return Steps(*steps_of(connection, known))

    def counts(self, sure: float) -> dict[str, ReviewCount]:
        """What there is to review, by session; unsure is whatever is below ``sure``, or uncertain."""
        with self._workspace.reading() as connection:
            if connection is None:
                return {}
            found = review_counts(connection, sure, UNCERTAIN)
            seen = set(connection.execute(select(SESSIONS.c.id).where(*seen_sessions())).scalars())
        return {session: ReviewCount(*counted) for session, counted in found.items() if session in seen}

    def answer(
        self, prefix: str, turns: Sequence[int], speaker: str | None = None, emotion: str | None = None
    ) -> Session:
        """Say who speaks in turns, or how they sound; what the machine says as well may be said, to confirm it.

        Parameters
        ----------
        prefix : str
            The session.
        turns : sequence of int
            Rows of its turns, from 0; at least one.
        speaker : str, optional
            Label of one of its speakers.
        emotion : str, optional
            One of its recogniser's labels.

        Raises
        ------
        WorkspaceError
            Where a turn, speaker or label does not exist, a turn is not scored, or a speaker's role is masked; nothing
            is changed then.
        """
        session = self._workspace.session(prefix)
        _check(session, self._workspace.said_roles(session.id), turns, speaker, emotion)
        said = {"speaker": speaker, "emotion": emotion}
        own = {field: value for field, value in said.items() if value is not None}
        return self._add(session, dict.fromkeys(turns, own))

    def answer_all_alike(self, prefix: str, speaker: str, other: str) -> Session:
        """Say that all turns of a speaker, as corrected so far, are another speaker's.

        Raises
        ------
        WorkspaceError
            As ``answer``.
        """
        session = self._workspace.session(prefix)
        _check_speaker(session, speaker)
        turns = [int(turn) for turn in session.turns.index[session.turns["speaker"] == speaker]]
        if not turns:
            raise WorkspaceError(f"session {session.id}: no turn is {speaker}'s, so there is nothing to change")
        return self.answer(session.id, turns, speaker=other)

    def undo(self, prefix: str) -> Session:
        """Take the last step back.

        Raises
        ------
        WorkspaceError
            Where there is none.
        """
        return self._turn_over(prefix, take_back, "there is no correction to take back")

    def redo(self, prefix: str) -> Session:
        """Put the step again that was taken back last.

        Raises
        ------
        WorkspaceError
            Where there is none.
        """
        return self._turn_over(prefix, put_again, "no correction was taken back that could be put again")

    def _add(self, session: Session, answers: dict[int, dict[str, str]]) -> Session:
        with self._workspace.writing() as connection:
            known = answers_of(connection, session.id)
            new = {turn: own for turn, own in answers.items() if (known.get(turn, {}) | own) != known.get(turn)}
            if new:
                add_step(connection, session.id, new)
                record(connection, "corrected", "session", session.id)
        return self._workspace.session(session.id)

    def _turn_over(self, prefix: str, turn_over: Any, nothing: str) -> Session:
        with self._workspace.writing() as connection:
            known = self._workspace.known(connection, prefix)
            if not turn_over(connection, known):
                raise WorkspaceError(f"session {known}: {nothing}")
            record(connection, "corrected", "session", known, "undo" if turn_over is take_back else "redo")
        return self._workspace.session(known)


def _check(
    session: Session, roles: dict[str, str | None], turns: Sequence[int], speaker: str | None, emotion: str | None
) -> None:
    where = f"session {session.id}"
    if not turns or (speaker is None and emotion is None):
        raise WorkspaceError(f"{where}: a correction needs turns, and a speaker or an emotion")
    for turn in turns:
        if not 0 <= turn < len(session.turns):
            raise WorkspaceError(f"{where} has no turn {turn}; its turns are 0 to {len(session.turns) - 1}")
    if speaker is not None:
        _check_speaker(session, speaker)
    masked = mask_of(session.provenance).reasons(roles, session.id)
    reviews = session.reviews
    heard = {str(session.turns.at[turn, "speaker"]) for turn in turns} | ({speaker} if speaker else set())
    heard |= {reviews[turn].speaker for turn in turns if turn in reviews}
    for label in sorted(heard & masked.keys()):
        raise WorkspaceError(f"{where}: turns of {label} cannot be corrected; {masked[label]}")
    if emotion is not None:
        _check_emotion(session, turns, emotion)


def _check_speaker(session: Session, speaker: str) -> None:
    labels = list(session.speakers["label"])
    if speaker not in labels:
        raise WorkspaceError(f"session {session.id} has no speaker '{speaker}'; it has {', '.join(labels) or 'none'}")


def _check_emotion(session: Session, turns: Sequence[int], emotion: str) -> None:
    labels = session.scheme.labels
    if emotion not in labels:
        hint = "uncertain is what the machine says where it does not know; " if emotion == UNCERTAIN else ""
        raise WorkspaceError(f"session {session.id}: '{emotion}' is no label here; {hint}known are {', '.join(labels)}")
    for turn in turns:
        if not session.turns.at[turn, "scored"]:
            reason = str(session.turns.at[turn, "reason"])
            raise WorkspaceError(
                f"session {session.id}: turn {turn} is not scored, so it has no emotion to correct ({reason})"
            )
