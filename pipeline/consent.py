"""What those who speak consent to: to the analysis of what they say, and to being known by their voice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection, select, update

from diarization.diarizations import Diarization
from diarization.errors import ConfigError

from .store.models import CASES, PARTICIPANTS, SESSIONS, SPEAKERS
from .store.pseudonyms import stored_name
from .workspace import Workspace

CONSENTS = {"yes": (True, True), "analysis": (True, False), "no": (False, False)}
"""What can be said, with what it means: consent to the analysis, and to a voiceprint."""


@dataclass(frozen=True)
class Consent:
    """What somebody said; None where nobody asked them.

    Parameters
    ----------
    analysis : bool or None
        Whether what they say may be analysed.
    voiceprint : bool or None
        Whether they may be known by their voice.
    """

    analysis: bool | None = None
    voiceprint: bool | None = None


def parse_consent(text: str) -> Consent:
    """``yes``, ``analysis`` (that, but no voiceprint) or ``no``.

    Raises
    ------
    ConfigError
        Where it is something else.

    >>> parse_consent("analysis")
    Consent(analysis=True, voiceprint=False)
    """
    if text.strip().lower() not in CONSENTS:
        raise ConfigError(f"consent is '{text}'; accepted are yes, analysis (that, but no voiceprint) and no")
    return Consent(*CONSENTS[text.strip().lower()])


def consents_of(connection: Connection | None, case: str | None, names: Iterable[str]) -> dict[str, Consent]:
    """What participants of a case have said, as far as they are known there."""
    wanted = list(names)
    if connection is None or case is None or not wanted:
        return {}
    key = connection.execute(select(CASES.c.id).where(CASES.c.name == case)).scalar()
    called = {stored_name(connection, key, name): name for name in wanted}
    columns = (PARTICIPANTS.c.name, PARTICIPANTS.c.consent_analysis, PARTICIPANTS.c.consent_voiceprint)
    statement = select(*columns).where(PARTICIPANTS.c.case_id == key, PARTICIPANTS.c.name.in_(called))
    return {called[name]: Consent(analysis, voiceprint) for name, analysis, voiceprint in connection.execute(statement)}


def names_in(connection: Connection | None, session_id: str) -> set[str]:
    """The participants of whom a person said that they speak in a session."""
    assert connection is not None
    statement = (
        select(PARTICIPANTS.c.name)
        .join_from(SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id)
        .where(SPEAKERS.c.session_id == session_id, SPEAKERS.c.confirmed)
    )
    return set(connection.execute(statement).scalars())


def about_of(connection: Connection | None, session_id: str) -> dict[str, str]:
    """What was said of a session's recording: language, consent."""
    assert connection is not None
    provenance = connection.execute(select(SESSIONS.c.provenance).where(SESSIONS.c.id == session_id)).scalar() or {}
    return dict(provenance.get("about") or {})


def keep_consents(workspace: Workspace, case: str | None, consents: Mapping[str, str]) -> None:
    """Keep what participants of a case said, as a manifest has it; those who are not there are left out."""
    if case is None or not consents:
        return
    with workspace.writing() as connection:
        key = connection.execute(select(CASES.c.id).where(CASES.c.name == case)).scalar()
        for name, text in consents.items():
            said = parse_consent(text)
            own = (PARTICIPANTS.c.case_id == key) & (PARTICIPANTS.c.name == stored_name(connection, key, name))
            values = {"consent_analysis": said.analysis, "consent_voiceprint": said.voiceprint}
            connection.execute(update(PARTICIPANTS).where(own).values(**values))


def check_consent(mode: str, recording: str | None, people: Mapping[str, Consent], where: str) -> None:
    """Make sure that a recording may be analysed.

    Parameters
    ----------
    mode : str
        ``privacy.consent``.
    recording : str or None
        What is said of all who speak in it.
    people : mapping
        What those said whose names are known, by name.
    where : str
        What errors call the recording.

    Raises
    ------
    ConfigError
        Where somebody refused, or, where consent is required, nobody has said that everybody consents.
    """
    refused = sorted(name for name, said in people.items() if said.analysis is False)
    if mode != "off" and (refused or recording == "no"):
        who = f"{', '.join(refused)} did" if refused else "those who speak in it do"
        raise ConfigError(f"{where}: not analysed, as {who} not consent to it")
    if mode == "require" and not (recording or (people and all(said.analysis for said in people.values()))):
        raise ConfigError(
            f"{where}: not analysed, as nobody has said that those who speak in it consent; ask them, then say it with "
            "--consent yes, or analysis where they want no voiceprint, or with turntone participants consent NAME"
        )


def without_voiceprint(
    mode: str,
    recording: str | None,
    labels: Iterable[str],
    names: Mapping[str, str | None],
    people: Mapping[str, Consent],
) -> list[str]:
    """The speakers whose voice is not to be kept.

    Parameters
    ----------
    mode, recording, people
        As for ``check_consent``.
    labels : iterable of str
        The speakers.
    names : mapping
        Their participants' names, as far as they are known.
    """
    said = {label: people.get(names.get(label) or "", Consent()).voiceprint for label in labels}
    whole = parse_consent(recording).voiceprint if recording else None
    unsaid = whole if whole is not None else mode != "require"
    return [label for label, own in said.items() if not (unsaid if own is None else own)]


def mute_voices(diarization: Diarization, labels: Iterable[str]) -> Diarization:
    """The diarization without the speaker embeddings of some speakers."""
    gone = set(labels)
    rows = [label in gone for label in diarization.speakers]
    if not len(diarization.embeddings) or not any(rows):
        return diarization
    embeddings = np.array(diarization.embeddings)
    embeddings[rows] = np.nan
    return replace(diarization, embeddings=embeddings)
