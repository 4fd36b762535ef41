"""What to call the speakers of a session and the participants of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..between.case_turns import CaseTurns
from ..language import translated

if TYPE_CHECKING:
    from pipeline.sessions import Session


def participants_of(sessions: Sequence[Session]) -> list[str]:
    """The names of everybody known in the sessions, those heard longest first."""
    return list(CaseTurns(sessions).participants)


def speaker_names(session: Session) -> dict[str, str]:
    """What to call each speaker, by label: the participant where known, numbered where several have one name."""
    plain = {label: _called(session, label) for label in session.speakers["label"]}
    counts, seen = Counter(plain.values()), Counter[str]()
    names = {}
    for label, name in plain.items():
        seen[name] += 1
        names[label] = name if counts[name] == 1 else f"{name} ({seen[name]})"
    return names


def _called(session: Session, label: str) -> str:
    """By name; how sure a voice is of it is said in the language spoken."""
    shown = session.shown_name(label)
    return shown if shown == session.name_of(label) else translated(shown)
