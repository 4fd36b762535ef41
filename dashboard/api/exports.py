"""Sessions as files to take away, in every format that ``turntone export`` knows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Response

from pipeline.store.listing import Wanted
from reports.exports.formats import EXPORTS, export_names

from ..sessions import Library
from .sessions import NO_SESSION

if TYPE_CHECKING:
    from pipeline.sessions import Session


def export_routes(library: Library) -> APIRouter:
    """``/export``: some sessions, a case's or all in one format."""
    routes = APIRouter(tags=["sessions"])

    @routes.get("/export", response_class=Response)
    def export(
        to: Annotated[str, Query(pattern=f"^({'|'.join(export_names())})$", description="the format")],
        session: Annotated[list[str] | None, Query(max_length=1000, description="ids of sessions")] = None,
        case: Annotated[str | None, Query(max_length=200, description="all sessions of this case")] = None,
    ) -> Response:
        """Sessions in a format, as ``turntone export`` writes them; several files come as a ZIP archive."""
        wanted = library.list_of(Wanted(case=case))
        found = [library.session(each) for each in session or wanted]
        sessions = [each for each in found if each is not None]
        if not sessions or len(sessions) < len(found):
            raise HTTPException(404, NO_SESSION)
        library.export([each.id for each in sessions], to)
        stem = f"turntone {case or sessions[0].id}" if case or len(sessions) == 1 else "turntone sessions"
        return _files(library, sessions, to, stem)

    return routes


def _files(library: Library, sessions: Sequence[Session], to: str, stem: str) -> Response:
    from reports.exports.writing import export_sessions, workspace_sound

    with TemporaryDirectory(prefix="turntone-export-") as folder:
        place = Path(folder)
        export_sessions(sessions, to, place, sound_of=workspace_sound(library.workspace), stem=stem)
        files = sorted(each for each in place.rglob("*") if each.is_file())
        if len(files) == 1 and EXPORTS[to].fill is None:
            return _download(files[0].read_bytes(), files[0].name)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for each in files:
                packed.write(each, each.relative_to(place))
        return _download(archive.getvalue(), f"{stem} {to}.zip")


def _download(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}
    return Response(content, media_type="application/octet-stream", headers=headers)
