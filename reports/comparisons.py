"""Which sessions of a case can be compared with each other, and what to call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .session_numbers import SessionNumbers
from .turns import LEAST_TURNS

if TYPE_CHECKING:
    from pipeline.sessions import Session


@dataclass(frozen=True)
class Comparison:
    """A participant's sessions that can be compared, and a sentence for each that cannot.

    Parameters
    ----------
    sessions : tuple of Session
        In the order given.
    left_out : dict
        Why, by the session's id.
    """

    sessions: tuple[Session, ...]
    left_out: dict[str, str]


def comparison(sessions: Sequence[Session], participant: str) -> Comparison:
    """The sessions in which a participant can be compared.

    Those with at least ``LEAST_TURNS`` scored turns of the participant, by the models that most of the sessions were
    analysed with, and scored relative to the case rather than to that session alone. A participant's only session is
    kept however it was scored.
    """
    kept, left_out = comparable([SessionNumbers(session) for session in sessions], participant)
    return Comparison(tuple(each.session for each in kept), left_out)


def comparable(sessions: Sequence[SessionNumbers], participant: str) -> tuple[list[SessionNumbers], dict[str, str]]:
    """As ``comparison``, of sessions that are read already: those that can be compared, and why others cannot."""
    present = [each for each in sessions if participant in each.participants]
    models = _most_used(present)
    found = [_obstacle(each, participant, models, len(present) == 1) for each in present]
    kept = [each for each, reason in zip(present, found, strict=True) if reason is None]
    left_out = {each.session.id: reason for each, reason in zip(present, found, strict=True) if reason}
    return kept, left_out


def session_titles(sessions: Sequence[Session]) -> dict[str, str]:
    """What to call each session among these, by its id: its date, else its file; numbered where that is the same."""
    plain = {session.id: _title(session) for session in sessions}
    counts, seen = Counter(plain.values()), Counter[str]()
    titles = {}
    for key, name in plain.items():
        seen[name] += 1
        titles[key] = name if counts[name] == 1 else f"{name} ({seen[name]})"
    return titles


def _title(session: Session) -> str:
    return session.date.isoformat() if session.date else session.recording.path.name


def _obstacle(numbers: SessionNumbers, participant: str, models: str, alone: bool) -> str | None:
    """Why the session cannot be compared; None where it can."""
    session, count = numbers.session, len(numbers.rows_of(participant))
    if count < LEAST_TURNS:
        turns = "scored turn" if count == 1 else "scored turns"
        return f"{count} {turns} of {participant}, at least {LEAST_TURNS} are needed"
    if alone:
        return None
    if session.provenance.get("comparable") is False or numbers.models != models:
        return "analysed with other models than the rest; analyse it again with those of the case"
    if _relative_to_session(session, participant):
        return "scored relative to that session alone, not to the case"
    return None


def _most_used(sessions: Sequence[SessionNumbers]) -> str:
    counts = Counter(each.models for each in sessions if each.session.provenance.get("comparable") is not False)
    return counts.most_common(1)[0][0] if counts else ""


def _relative_to_session(session: Session, participant: str) -> bool:
    baselines = session.provenance.get("baselines") or []
    return any(each.get("participant") == participant and each.get("scope") == "session" for each in baselines)
