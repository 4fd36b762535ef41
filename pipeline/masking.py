"""Whose emotions are neither computed nor stored nor shown: masked roles, and who has no role under a mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .roles import role_problem

MASKED = "masked: "
"""How the reason of every turn begins that is not scored because of its speaker."""

AWAITING = "not scored yet: the speaker's role was given after the analysis; run turntone sessions score "
"""How the reason of a turn begins that may be scored now and was masked before."""


class PrivacyConfig(BaseModel):
    """Whose emotions are left alone, and what is kept of what people said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mask_roles: list[str] = Field(
        default_factory=list,
        description="roles whose emotions are never computed, stored or shown; where there are any, a speaker without "
        "a role is not scored either",
    )
    keep_audio: bool = Field(
        True,
        description="whether the workspace keeps the audio; without it nothing can be played or scored from it later",
    )
    encrypt_audio: bool = Field(
        False, description="keep the audio encrypted, with the key in TURNTONE_KEY or in the system's keyring"
    )
    keep_text: bool | None = Field(
        None,
        description="whether sessions keep what is said where a file of turns has its text; left open: where the audio "
        "is kept, unencrypted, and names are stored as they are",
    )
    pseudonyms: bool = Field(
        False,
        description="store no file names and no participants' names, but words in their place that only this workspace "
        "gives them",
    )
    consent: Literal["off", "remind", "require"] = Field(
        "remind",
        description="what happens where nobody has said that those who speak consent: off (nothing), remind (a note) "
        "or require (no analysis, and no voiceprint without consent to that)",
    )

    @property
    def keeps_text(self) -> bool:
        """Whether sessions keep what is said: as the settings say, else where the audio itself lies open."""
        if self.keep_text is not None:
            return self.keep_text
        return self.keep_audio and not self.encrypt_audio and not self.pseudonyms


@dataclass(frozen=True)
class Mask:
    """The roles that are masked; without any, everybody is scored.

    Parameters
    ----------
    roles : frozenset of str
        Of ``ROLES``.
    """

    roles: frozenset[str] = frozenset()

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.roles | other.roles)

    def reason(self, label: str, role: str | None, session_id: str) -> str | None:
        """Why a speaker is not scored, as a sentence that says what to do; None where nothing is against it."""
        if not self.roles:
            return None
        if role is None:
            return (
                f"{MASKED}nobody has said yet which role {label} has; say it with "
                f"turntone sessions assign {session_id} {label}=:ROLE"
            )
        return f"{MASKED}the role {role} is not scored" if role in self.roles else None

    def reasons(self, roles: Mapping[str, str | None], session_id: str) -> dict[str, str]:
        """The reasons by label, of the speakers who are not scored."""
        found = {label: self.reason(label, role, session_id) for label, role in roles.items()}
        return {label: reason for label, reason in found.items() if reason}

    def to_json(self) -> dict[str, Any]:
        """What a session's provenance keeps under ``privacy``."""
        return {"mask_roles": sorted(self.roles)}


def mask_of(provenance: Mapping[str, Any]) -> Mask:
    """The mask in force for a session, from its provenance."""
    return Mask(frozenset((provenance.get("privacy") or {}).get("mask_roles") or ()))


def mask_problem(roles: Iterable[str]) -> str | None:
    """What is wrong with roles to be masked, as a sentence; None where all of them are roles."""
    return next(filter(None, map(role_problem, roles)), None)
