"""Sessions, their turns, speakers and audio, and cases, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.findings import findings_json
from pipeline.store.listing import Wanted
from reports.findings import check_finding_names

from ..audio import audio_response
from ..sessions import Library

SessionId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="id of the session")]

Shape = Literal["improving", "worsening", "recovered", "flat"]

NO_SESSION = "there is no such session; GET /api/sessions lists those there are"
"""What is wrong where an address names a session that is not there."""


class Person(BaseModel):
    """Who a speaker is."""

    model_config = ConfigDict(extra="forbid")

    participant: str | None = Field(None, max_length=200, description="name; null where nobody is known")
    role: str | None = Field(None, max_length=40, description="client, counsellor, customer, agent, ...")


def session_routes(library: Library) -> APIRouter:
    """Everything below ``/sessions`` and ``/cases``."""
    routes = APIRouter(tags=["sessions"])

    @routes.get("/sessions")
    def sessions(
        response: Response,
        case: Annotated[str | None, Query(description="only of this case")] = None,
        flag: Annotated[
            str | None, Query(max_length=200, description="only those with the flag of this rule; any for any flag")
        ] = None,
        shape: Annotated[Shape | None, Query(description="only those in which a speaker's course is so")] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> list[dict[str, Any]]:
        """The sessions by case and date, as ``turntone sessions list --format json`` prints them.

        What is chosen by ``flag`` or ``shape`` leaves out sessions that were not looked through yet; the header
        ``Not-Looked-Through`` says how many these are. Their ``flags`` and ``shapes`` are null.
        """
        check_finding_names(flag, shape)
        chosen = flag is not None or shape is not None
        wanted = Wanted(case=case, flag=flag, shape=shape, revision=library.revision if chosen else "")
        found, _ = library.listed(wanted, offset, limit)
        response.headers["Not-Looked-Through"] = str(library.not_looked_through())
        findings = library.findings([each.id for each in found])
        return [each.to_json() | findings_json(findings.get(each.id)) for each in found]

    @routes.get("/sessions/courses")
    def courses(
        ids: Annotated[str, Query(max_length=1400, description="ids of up to 100 sessions, with commas between them")],
    ) -> dict[str, dict[str, list[float | None]]]:
        """Mean valence of each speaker in 24 equal parts of each session, for small drawings in lists."""
        return library.courses(ids.split(",")[:100])

    @routes.get("/sessions/{session_id}")
    def session(session_id: SessionId) -> dict[str, Any]:
        """One session whole, as ``turntone analyze --format json`` prints it."""
        found = library.session(session_id)
        if found is None:
            raise HTTPException(404, NO_SESSION)
        return found.to_json()

    @routes.get("/sessions/{session_id}/turns")
    def turns(session_id: SessionId) -> list[dict[str, Any]]:
        """The turns of a session in order."""
        return list(session(session_id)["turns"])

    @routes.get("/sessions/{session_id}/audio", response_class=Response)
    def audio(session_id: SessionId, request: Request) -> Response:
        """The 16 kHz FLAC kept of the recording, in byte ranges where asked for."""
        return audio_response(library, session_id, request.headers.get("range"))

    @routes.patch("/sessions/{session_id}/speakers")
    def assign(session_id: SessionId, people: dict[str, Person]) -> list[dict[str, Any]]:
        """Say who speaks, by speaker label; gives the sessions that this changed, this one first."""
        _check_there(library, session_id)
        named = {label: (person.participant, person.role) for label, person in people.items()}
        return [each.to_json() for each in library.assign(session_id, named)]

    @routes.delete("/sessions/{session_id}", status_code=204, response_class=Response)
    def delete(session_id: SessionId) -> Response:
        """Remove a session with its files."""
        _check_there(library, session_id)
        library.delete(session_id)
        return Response(status_code=204)

    @routes.get("/cases")
    def cases() -> list[dict[str, Any]]:
        """The cases by name."""
        return [_case(each) for each in library.cases()]

    return routes


def _check_there(library: Library, session_id: str) -> None:
    if not library.has_session(session_id):
        raise HTTPException(404, NO_SESSION)


def _case(case: Any) -> dict[str, Any]:
    return {
        "name": case.name,
        "num_sessions": case.num_sessions,
        "first": case.first.isoformat() if case.first else None,
        "last": case.last.isoformat() if case.last else None,
        "participants": case.participants,
    }
