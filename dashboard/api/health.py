"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from diarization.errors import TurntoneError

from ..sessions import Library
from .problems import problem


def health_routes(library: Library) -> APIRouter:
    """``/health``: the server answers; ``/ready``: the workspace can be read and written."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health")
    def health() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @routes.get("/ready", responses={503: {"description": "The workspace cannot be used"}})
    def ready() -> JSONResponse:
        """Whether the workspace can be read and written."""
        try:
            library.check_usable()
        except TurntoneError as error:
            return problem(503, str(error))
        return JSONResponse({"status": "ready"})

    return routes
