"""What of a transcript a session keeps: nothing of masked speakers, and only where the settings keep text."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from sqlalchemy import update

from diarization.reference_diarizer import ReferenceDiarizer

from .engines import Engines
from .masking import MASKED
from .sessions import Session
from .store.models import SESSIONS, TURNS
from .store.writing import now
from .workspace import Workspace


def with_texts(turns: pd.DataFrame, engines: Engines) -> pd.DataFrame:
    """The machine's turns with the text that the settings keep of each: None where there is none, or it is masked."""
    return turns.assign(text=pd.Series(_texts(turns, engines), index=turns.index, dtype=object))


def settle_texts(workspace: Workspace, session: Session, engines: Engines) -> Session:
    """The session, analysed before with the same turns, with the texts that it keeps from now on.

    So one gains the text of its file, as after a mask was lifted, and loses it where the settings no longer keep it.
    """
    if engines.config.privacy.keeps_text and _reader(engines) is None:
        return session
    known = workspace.session(session.id, corrected=False).turns
    wanted = dict(enumerate(_texts(known, engines)))
    changed = {at: wanted[at] for at, old in enumerate(known["text"]) if wanted[at] != old}
    if not changed:
        return session
    own = TURNS.c.session_id == session.id
    with workspace.writing() as connection:
        for at, text in changed.items():
            connection.execute(update(TURNS).where(own, TURNS.c.position == at).values(text=text))
        connection.execute(update(SESSIONS).where(SESSIONS.c.id == session.id).values(changed=now()))
    return replace(workspace.session(session.id), notes=session.notes)


def _texts(turns: pd.DataFrame, engines: Engines) -> list[str | None]:
    reader = _reader(engines)
    if reader is None or not engines.config.privacy.keeps_text:
        return [None] * len(turns)
    found = reader.texts(list(turns[["start", "end", "speaker"]].itertuples(index=False, name=None)))
    return [
        None if (reason or "").startswith(MASKED) else text for reason, text in zip(turns["reason"], found, strict=True)
    ]


def _reader(engines: Engines) -> ReferenceDiarizer | None:
    """What reads the turns from a file, where that is where they come from; no other diarizer is loaded for it."""
    diarizer = engines.diarizer if engines.config.diarization.backend == "reference" else None
    return diarizer if isinstance(diarizer, ReferenceDiarizer) else None
