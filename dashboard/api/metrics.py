"""Figures for Prometheus, of what waits and how jobs stand: for admins, or whoever has the machine for themselves."""

from __future__ import annotations

from fastapi import APIRouter, Response

from diarization.errors import ConfigError
from pipeline.access.visitors import Visitor, visiting

from ..sessions import Library
from .problems import problem


def metrics_routes(library: Library) -> APIRouter:
    """``/metrics``, where Prometheus looks."""
    routes = APIRouter()

    @routes.get("/metrics")
    def metrics() -> Response:
        from pipeline.cluster.metrics import metrics_text  # and what it stands on, which one machine does not need

        try:
            with visiting(Visitor(None, "api")):
                text = metrics_text(library.workspace)
        except ConfigError as error:
            return problem(501, str(error))
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
