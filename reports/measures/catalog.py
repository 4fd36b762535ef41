"""All measures, and the tables that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from diarization.errors import ConfigError

from ..between.blocks import one_thread
from ..between.case_turns import CaseTurns
from .case_changes import CASE_CHANGES
from .case_likeness import CASE_LIKENESS
from .case_measures import CASE_MEASURES
from .conversation import Conversation
from .coupling import COUPLING
from .dynamics import DYNAMICS
from .entrainment import ENTRAINMENT
from .registry import Measure
from .turn_taking import TURN_TAKING
from .values import table_of

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MEASURES: tuple[Measure, ...] = (
    *TURN_TAKING,
    *DYNAMICS,
    *COUPLING,
    *ENTRAINMENT,
    *CASE_MEASURES,
    *CASE_CHANGES,
    *CASE_LIKENESS,
)
"""Every measure, in the order of the documentation."""


def find_measures(names: Iterable[str]) -> tuple[Measure, ...]:
    """The measures of these names, in the order given.

    Raises
    ------
    ConfigError
        Where there is no measure of that name.
    """
    known = {measure.name: measure for measure in MEASURES}
    for name in (names := list(names)):
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean '{close[0]}'?" if close else f"they are {', '.join(known)}"
            raise ConfigError(f"measure '{name}': there is none of that name; {hint}")
    return tuple(known[name] for name in names)


def measure_session(session: Session, names: Iterable[str] | None = None) -> pd.DataFrame:
    """What the measures of speakers, pairs and sessions say of a session.

    Parameters
    ----------
    session : Session
        Also one without turns; its table then says what is missing.
    names : iterable of str, optional
        Only these measures; all where left out.

    Returns
    -------
    pd.DataFrame
        ``COLUMNS``, a row a value; speakers by their labels.

    Raises
    ------
    ConfigError
        Where there is no measure of a name.
    """
    chosen = MEASURES if names is None else find_measures(names)
    conversation = Conversation(session)
    return table_of(
        (measure.name, value._replace(session=session.id))
        for measure in chosen
        if measure.scope != "case"
        for value in measure.values(conversation)
    )


def measure_case(sessions: Sequence[Session], names: Iterable[str] | None = None) -> pd.DataFrame:
    """What the measures say of a case: of every session, and of its participants from session to session.

    Parameters
    ----------
    sessions : sequence of Session
        Of the case, by date.
    names : iterable of str, optional
        Only these measures; all where left out.

    Returns
    -------
    pd.DataFrame
        ``COLUMNS``, a row a value. Where a measure is of the case, ``speaker`` is a participant's name.
    """
    import pandas as pd

    chosen = MEASURES if names is None else find_measures(names)
    of_sessions = [each.name for each in chosen if each.scope != "case"]
    of_case = [each for each in chosen if each.scope == "case"]
    tables = [measure_session(session, of_sessions) for session in sessions if of_sessions]
    case = CaseTurns(sessions)
    with one_thread():
        tables.append(table_of((each.name, value) for each in of_case for value in each.values(case)))
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
