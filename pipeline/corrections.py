"""Corrections: what a person says of a session's turns, step by step, with undo and redo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diarization.errors import WorkspaceError
from emotion.readout import UNCERTAIN

from .cuts import JOIN, LEAST, SPLIT
from .masking import MASKED, mask_of
from .sessions import Session
from .store.corrections import (
    add_step,
    cut_sessions,
    most_doubtful,
    pieces_in,
    put_again,
    review_counts,
    steps_of,
    take_back,
    touched_sessions,
)
from .store.listing import totals_of
from .store.models import CASES
from .store.summaries import by_date
from .store.trail import record
from .workspace import Workspace

SURE = 0.7
"""Below it the machine is unsure of a speaker or an emotion, for counts of what there is to look at."""


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


@dataclass(frozen=True)
class ReviewQueue:
    """What there is to review in a workspace.

    Parameters
    ----------
    counts : dict of str to ReviewCount
        Of the sessions with most to look at, by id, those first.
    sessions : int
        How many there are in all.
    unsure, reviewed : int
        Turns of all of them.
    """

    counts: dict[str, ReviewCount]
    sessions: int
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

    def queue(self, most: int, sure: float = SURE) -> ReviewQueue:
        """What there is to review; unsure is whatever is below ``sure``, or uncertain.

        Parameters
        ----------
        most : int
            Sessions that it has at most: those with most to look at.
        """
        with self._workspace.reading() as connection:
            if connection is None:
                return ReviewQueue({}, 0, 0, 0)
            sessions = totals_of(connection).sessions
            usual = (CASES.c.name.is_(None), CASES.c.name, *by_date())
            untouched, unsure = most_doubtful(connection, sure, UNCERTAIN, most, usual)
            found = review_counts(connection, sure, UNCERTAIN)
            seen = set(touched_sessions(connection))
            cut = cut_sessions(connection).keys() & seen
        touched = {each: ReviewCount(*counted) for each, counted in found.items() if each in seen}
        touched |= {each: _counted(self._workspace.session(each), sure) for each in cut}
        counts = {each: ReviewCount(count, 0) for each, count in untouched} | touched
        first = sorted(counts.items(), key=lambda each: -each[1].unsure)[:most]
        unsure += sum(each.unsure for each in touched.values())
        return ReviewQueue(dict(first), sessions, unsure, sum(each.reviewed for each in touched.values()))

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

    def split(self, prefix: str, turn: int, at: float) -> Session:
        """Split a turn in two, both its speaker's; scores of each half come from the frame scores.

        Raises
        ------
        WorkspaceError
            Where there is no such turn, the time is not within it, or its speaker is masked; nothing is changed then.
        """
        session = self._workspace.session(prefix)
        _check_turns(session, self._workspace.said_roles(session.id), [turn])
        start, end = (session.turns[name].tolist()[turn] for name in ("start", "end"))
        if not start + LEAST <= at <= end - LEAST:
            raise WorkspaceError(
                f"session {session.id}: turn {turn} lasts from {start:.2f} to {end:.2f} s and cannot be split at "
                f"{at:.2f} s; choose a time within it, {LEAST:g} s or more from both its ends"
            )
        return self._cut(session, turn, SPLIT, f"{at:.3f}")

    def join(self, prefix: str, turn: int) -> Session:
        """Join a turn with the same speaker's next one; its scores are the mean of both, weighted by time.

        Raises
        ------
        WorkspaceError
            Where there is no such turn or no next one, or its speaker is masked; nothing is changed then.
        """
        session = self._workspace.session(prefix)
        _check_turns(session, self._workspace.said_roles(session.id), [turn])
        speaker = str(session.turns.at[turn, "speaker"])
        later = session.turns.index[(session.turns.index > turn) & (session.turns["speaker"] == speaker)]
        if later.empty:
            raise WorkspaceError(f"session {session.id}: after turn {turn} there is no other of {speaker} to join")
        _check_turns(session, self._workspace.said_roles(session.id), [int(later[0])])
        return self._cut(session, turn, JOIN, str(later[0]))

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
            known = [piece.said for piece in pieces_in(connection, session.id)]
            new = {turn: own for turn, own in answers.items() if {**known[turn], **own} != known[turn]}
            if new:
                add_step(connection, session.id, new)
                record(connection, "corrected", "session", session.id)
        return self._workspace.session(session.id)

    def _cut(self, session: Session, turn: int, how: str, value: str) -> Session:
        with self._workspace.writing() as connection:
            add_step(connection, session.id, {turn: {how: value}})
            record(connection, "corrected", "session", session.id, how)
        return self._workspace.session(session.id)

    def _turn_over(self, prefix: str, turn_over: Any, nothing: str) -> Session:
        with self._workspace.writing() as connection:
            known = self._workspace.known(connection, prefix)
            if not turn_over(connection, known):
                raise WorkspaceError(f"session {known}: {nothing}")
            record(connection, "corrected", "session", known, "undo" if turn_over is take_back else "redo")
        return self._workspace.session(known)


def _counted(session: Session, sure: float) -> ReviewCount:
    """The same of a session that is open, whose turns were split or joined."""
    done = {turn for turn, review in session.reviews.items() if {"speaker", "emotion"} & set(review.fields)}
    turns = session.turns
    unsure = (turns["speaker_confidence"] < sure) | (turns["confidence"] < sure) | (turns["emotion"] == UNCERTAIN)
    hidden = turns["reason"].fillna("").str.startswith(MASKED)
    open_ = [turn for turn in turns.index[unsure & ~hidden] if turn not in done]
    return ReviewCount(len(open_), len(done))


def _check(
    session: Session, roles: dict[str, str | None], turns: Sequence[int], speaker: str | None, emotion: str | None
) -> None:
    if not turns or (speaker is None and emotion is None):
        raise WorkspaceError(f"session {session.id}: a correction needs turns, and a speaker or an emotion")
    _check_there(session, turns)
    if speaker is not None:
        _check_speaker(session, speaker)
    _check_turns(session, roles, turns, speaker)
    if emotion is not None:
        _check_emotion(session, turns, emotion)


def _check_there(session: Session, turns: Sequence[int]) -> None:
    for turn in turns:
        if not 0 <= turn < len(session.turns):
            raise WorkspaceError(
                f"session {session.id} has no turn {turn}; its turns are 0 to {len(session.turns) - 1}"
            )


def _check_turns(
    session: Session, roles: dict[str, str | None], turns: Sequence[int], speaker: str | None = None
) -> None:
    """Whether the turns are there, and nobody who speaks in them, or is said to, is masked."""
    _check_there(session, turns)
    masked = mask_of(session.provenance).reasons(roles, session.id)
    reviews = session.reviews
    heard = {str(session.turns.at[turn, "speaker"]) for turn in turns} | ({speaker} if speaker else set())
    heard |= {reviews[turn].speaker for turn in turns if turn in reviews}
    for label in sorted(heard & masked.keys()):
        raise WorkspaceError(f"session {session.id}: turns of {label} cannot be corrected; {masked[label]}")


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
