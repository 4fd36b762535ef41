"""Whether the server lives, and whether it can work: for those who watch over it, who need not sign in.

They learn nothing else: why it cannot work stands in the log.
"""

from __future__ import annotations

import logging

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from diarization.errors import TurntoneError
from pipeline.access.visitors import Visitor, visiting

from ..background import BackgroundWorker
from ..sessions import Library
from .problems import problem

_LOG = logging.getLogger(__name__)

_UNREADY = "the workspace cannot be read or written; turntone doctor on the server says why"
_UNWATCHED = "nothing works on jobs; start the server again"


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
        return readiness(library)

    return routes


def probe_routes(library: Library, worker: BackgroundWorker | None = None) -> APIRouter:
    """``/healthz`` and ``/readyz``, where those who watch over servers look; the latter looks at the worker too."""
    routes = APIRouter()

    @routes.api_route("/healthz", methods=["GET", "HEAD"])
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.api_route("/readyz", methods=["GET", "HEAD"])
    def readyz() -> JSONResponse:
        return readiness(library, worker)

    return routes


def readiness(library: Library, worker: BackgroundWorker | None = None) -> JSONResponse:
    """``{"status": "ready"}``, or 503 with a sentence that says nothing of the workspace."""
    try:
        with visiting(Visitor(None, "api")):
            library.check_usable()
    except TurntoneError as error:
        _LOG.error("not ready: %s", error)
        return problem(503, _UNREADY)
    if worker is not None and not worker.watched:
        return problem(503, _UNWATCHED)
    return JSONResponse({"status": "ready"})
