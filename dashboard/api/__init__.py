"""The REST API: what programs ask for, over the same workspace as the pages."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, HTTPException

from ..sessions import Library
from .access import access_routes
from .corrections import correction_routes
from .exports import export_routes
from .health import health_routes
from .jobs import job_routes
from .measures import measure_routes
from .participants import participant_routes
from .predict import predict_routes
from .problems import Problem, add_problems
from .sessions import session_routes
from .uploads import Uploads, upload_routes

__all__ = ["Uploads", "add_api"]


def add_api(server: FastAPI, library: Library, uploads: Uploads, executor: str | None = None) -> None:
    """Everything below ``/api``; what is not there answers with a problem, not with a page.

    ``executor`` is who works on uploads, as for ``make_app``.
    """
    routes = APIRouter(prefix="/api", responses={"4XX": {"model": Problem, "description": "What is wrong"}})
    routes.include_router(health_routes(library))
    routes.include_router(session_routes(library))
    routes.include_router(measure_routes(library))
    routes.include_router(correction_routes(library))
    routes.include_router(export_routes(library))
    routes.include_router(participant_routes(library))
    routes.include_router(upload_routes(uploads))
    routes.include_router(job_routes(library, uploads, executor))
    routes.include_router(predict_routes())
    routes.include_router(access_routes(library.path))

    @routes.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def nothing(path: str) -> None:
        raise HTTPException(
            404, f"there is no such address below /api: {path[:120]}; /api/openapi.json lists those there are"
        )

    server.include_router(routes)
    add_problems(server)
