"""Who is signed in, and what was done, for admins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from pipeline.access.trail import Trail, as_csv
from pipeline.access.visitors import visitor
from pipeline.store.trail import ACTIONS
from pipeline.workspace import Workspace
from reports.language import say, speaking

from ..languages import language_of


def access_routes(folder: Path) -> APIRouter:
    """``/me`` and ``/audit``."""
    routes = APIRouter(tags=["access"])
    trail = Trail(folder)

    @routes.get("/me")
    def me(request: Request) -> dict[str, Any]:
        """Whose request this is: name, role, cases (null is all of them), and the words that pages show for it."""
        here = visitor()
        assert here is not None  # the gate lets nobody else in
        language = language_of(request.cookies, request.headers.get("accept-language", ""))
        with speaking(language):
            words = {"sign_out": say("Sign out")}
        cases = None if here.cases is None else sorted(here.cases)
        return {"name": here.name, "role": here.role, "cases": cases, "words": words}

    @routes.get("/audit")
    def audit(
        after: Annotated[int, Query(ge=0, le=2**53, description="only lines behind this number")] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        action: Annotated[str | None, Query(pattern=f"^({'|'.join(ACTIONS)})$", description="only these")] = None,
    ) -> list[dict[str, Any]]:
        """Who did what, in order of time, with the names of those who are still there; for admins."""
        _told(folder)
        return [each.to_json() for each in trail.entries(after, limit, action)]

    @routes.get("/audit.csv", response_class=Response)
    def export() -> Response:
        """The whole trail as CSV, with random ids and no names; for admins."""
        _told(folder)
        headers = {"Content-Disposition": 'attachment; filename="turntone-audit.csv"'}
        return Response(as_csv(trail.entries()), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def _told(folder: Path) -> None:
    """Whoever reads the trail stands in it."""
    Workspace(folder).note("trail read", "workspace")
