"""Words in the place of names: the same for one person within a case, and nothing to anybody else."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from .models import CASES

_PSEUDONYM = re.compile(r"person-[0-9a-f]{8}")


def begin_pseudonyms(connection: Connection, case_id: int | None) -> None:
    """Call the participants of a case by pseudonyms from now on."""
    if case_id is not None:
        fresh = (CASES.c.id == case_id) & CASES.c.salt.is_(None)
        connection.execute(update(CASES).where(fresh).values(salt=secrets.token_bytes(32)))


def stored_name(connection: Connection, case_id: int | None, name: str) -> str:
    """What a person is called in a case: the name, or its pseudonym where the case has those.

    It is a keyed hash with a random salt of the case: without the workspace nobody can try names out on it.
    """
    salt = None if case_id is None else connection.execute(select(CASES.c.salt).where(CASES.c.id == case_id)).scalar()
    return pseudonym(name, salt) if salt else name


def pseudonym(name: str, salt: bytes) -> str:
    """The pseudonym of a name; of a pseudonym, itself."""
    if _PSEUDONYM.fullmatch(name):
        return name
    return f"person-{hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()[:8]}"


def file_pseudonym(recording_id: str) -> str:
    """What a recording's file is called."""
    return f"recording-{recording_id[:8]}"


def without_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """An analysis's settings without participants and paths: of channels the roles stay."""
    diarization = dict(config.get("diarization") or {})
    if diarization.get("channels"):
        channels = {name: str(person).rpartition(":")[2].strip() for name, person in diarization["channels"].items()}
        diarization["channels"] = {name: role for name, role in channels.items() if role}
    if diarization.get("reference"):
        diarization["reference"] = f"turns{Path(str(diarization['reference'])).suffix}"
        diarization["reference_recording"] = None
    return {**config, "diarization": diarization}
