"""Reports to take away."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from .sessions import Library


def session_report_address(session_id: str) -> str:
    """Where the report of a session is served."""
    return f"/report/session/{session_id}"


def case_report_address(name: str) -> str:
    """Where the report of a case is served."""
    return f"/report/case/{quote(name, safe='')}"


def export_address(to: str, session_id: str | None = None, case: str | None = None) -> str:
    """Where a session, a case or all sessions are given out in a format."""
    named = {"to": to, "session": session_id, "case": case}
    return f"/api/export?{urlencode({name: value for name, value in named.items() if value is not None})}"


def report_routes(library: Library) -> APIRouter:
    """``/report/session/<id>`` and ``/report/case/<name>``: self-contained HTML files, offered as downloads."""
    routes = APIRouter()

    @routes.get("/report/session/{session_id}")
    def report_of_session(session_id: str) -> HTMLResponse:
        from reports.html import session_report

        session = library.session(session_id)
        if session is None:
            raise HTTPException(404, "there is no such session")
        library.export([session.id], "report")
        return _download(session_report(session), f"session {session.id}")

    @routes.get("/report/case/{name:path}")
    def report_of_case(name: str) -> HTMLResponse:
        from reports.html import case_report

        sessions = library.case(name)
        if sessions is None:
            raise HTTPException(404, "there is no such case")
        library.export([each.id for each in sessions], "report")
        return _download(case_report(name, sessions), f"case {name}")

    return routes


def _download(html: str, title: str) -> HTMLResponse:
    name = quote(f"Turntone {title}.html", safe="")
    return HTMLResponse(html, headers={"Content-Disposition": f"attachment; filename*=utf-8''{name}"})
