"""The audio of sessions, in ranges of bytes, so that a player can jump."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from .sessions import Library


def audio_address(session_id: str) -> str:
    """Where the audio of a session is served."""
    return f"/audio/{session_id}"


def audio_routes(library: Library) -> APIRouter:
    """``/audio/<session id>``: the FLAC that the workspace keeps; 404 with a sentence where it keeps none."""
    routes = APIRouter()

    @routes.api_route("/audio/{session_id}", methods=["GET", "HEAD"])
    def audio(session_id: str) -> FileResponse:
        return audio_response(library, session_id)

    return routes


def audio_response(library: Library, session_id: str) -> FileResponse:
    """The audio of a session, in the byte ranges that the request asks for.

    Raises
    ------
    HTTPException
        404 where none is kept.
    """
    path = library.listen(session_id)
    if path is None:
        raise HTTPException(404, "no audio is kept for this session")
    # Each time the browser asks whether its copy is still the same: a session that was deleted must not play on.
    return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private, no-cache"})
