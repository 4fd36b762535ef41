"""Participants: who the people of a case are, by name and by voice."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from pipeline.participants import Participants

from ..sessions import Library

_LISTED = 500  # speakers whom nobody knows that one answer lists

Name = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(pattern="^[0-9a-f]{12}$", description="id of the session")]


class Named(BaseModel):
    """A participant."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    case: str | None = Field(None, max_length=200, description="where several have that name")


class Renaming(Named):
    """Another name for a participant."""

    new: Name


class Forgetting(Named):
    """A participant to forget."""


class Merging(Named):
    """Participants of a case who are one person."""

    others: list[Name] = Field(min_length=1, max_length=100, description="who are the same person")


class Speaker(BaseModel):
    """A speaker of a session; without a label, the one who is the participant there."""

    model_config = ConfigDict(extra="forbid")

    session: Id
    speaker: str | None = Field(None, max_length=100, description="label")


class Splitting(Named):
    """Speakers who are another participant than was said."""

    new: Name
    speakers: list[Speaker] = Field(min_length=1, max_length=1000)


class Confirmation(BaseModel):
    """Speakers who are whom the voice says; all of the session's where none is named."""

    model_config = ConfigDict(extra="forbid")

    session: Id
    speakers: list[str] = Field([], max_length=1000, description="labels")


class Refusal(BaseModel):
    """A speaker who is not whom the voice, or a person, said."""

    model_config = ConfigDict(extra="forbid")

    session: Id
    speaker: str = Field(max_length=100, description="label")


def participant_routes(library: Library) -> APIRouter:
    """Everything below ``/participants``."""
    routes = APIRouter(tags=["participants"])
    people = Participants(library.workspace)

    @routes.get("/participants")
    def participants(
        case: Annotated[str | None, Query(max_length=200, description="only of this case")] = None,
    ) -> list[dict[str, Any]]:
        """The participants by case and name, as ``turntone participants list --format json`` prints them."""
        return [each.to_json() for each in people.all(case)]

    @routes.get("/participants/unknown")
    def unknown() -> list[dict[str, Any]]:
        """Speakers of whom neither a person nor a voice says who they are; the first 500."""
        return _unknown(library)[:_LISTED]

    @routes.post("/participants/confirm")
    def confirm(said: Confirmation) -> list[str]:
        """Say that speakers are who the voice says; gives the ids of the sessions that this changed."""
        return [each.id for each in people.confirm(said.session, said.speakers)]

    @routes.post("/participants/unmatch")
    def unmatch(said: Refusal) -> list[str]:
        """Say that a speaker is not who was said; no voice says it of them again."""
        return [each.id for each in people.unmatch(said.session, said.speaker)]

    @routes.post("/participants/rename")
    def rename(said: Renaming) -> list[str]:
        """Give a participant another name, in every session of the case."""
        return [each.id for each in people.rename(said.name, said.new, said.case)]

    @routes.post("/participants/merge")
    def merge(said: Merging) -> list[str]:
        """Make several participants of a case one, under the first name."""
        return [each.id for each in people.merge(said.name, said.others, said.case)]

    @routes.post("/participants/split")
    def split(said: Splitting) -> list[str]:
        """Make some of a participant's speakers another participant's, who joins the case where new."""
        speakers = [(each.session, each.speaker) for each in said.speakers]
        return [each.id for each in people.split(said.name, said.new, speakers, said.case)]

    @routes.post("/participants/forget")
    def forget(said: Forgetting) -> list[str]:
        """Remove a participant's name and voice; their turns stay as those of a speaker whom nobody knows."""
        return [each.id for each in people.forget(said.name, said.case).changed]

    return routes


def _unknown(library: Library) -> list[dict[str, Any]]:
    return [
        {
            "session": session.id,
            "recording": session.path.name,
            "case": session.case,
            "date": session.date.isoformat() if session.date else None,
            "speaker": speaker.label,
            "role": speaker.role,
        }
        for session in library.workspace.with_strangers(_LISTED)
        for speaker, match in zip(session.speakers, session.matches, strict=True)
        if speaker.participant is None and match is None
    ]
