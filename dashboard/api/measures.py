"""What the measures say of a session or a case, as numbers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from ..sessions import Library
from .sessions import NO_SESSION

NO_CASE = "there is no such case; GET /api/cases lists those there are"


def measure_routes(library: Library) -> APIRouter:
    """``/measures``."""
    routes = APIRouter(tags=["sessions"])

    @routes.get("/measures")
    def measures(
        session: Annotated[str | None, Query(pattern="^[0-9a-f]{12}$", description="id of a session")] = None,
        case: Annotated[str | None, Query(max_length=200, description="all sessions of this case instead")] = None,
        measure: Annotated[
            list[Annotated[str, Query(max_length=100)]] | None, Query(max_length=100, description="only these")
        ] = None,
    ) -> dict[str, Any]:
        """The values of the measures, as ``turntone measures --format json`` prints them."""
        from reports.measure_tables import measure_records
        from reports.measures import find_measures, measure_case, measure_session

        if (session is None) == (case is None):
            raise HTTPException(422, "name either a session or a case")
        find_measures(measure or ())
        if session is not None:
            one = library.session(session)
            if one is None:
                raise HTTPException(404, NO_SESSION)
            return {"session": session, "measures": measure_records(measure_session(one, measure))}
        several = library.case(str(case))
        if several is None:
            raise HTTPException(404, NO_CASE)
        return {"case": case, "measures": measure_records(measure_case(several, measure))}

    return routes
