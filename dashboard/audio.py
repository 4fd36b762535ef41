"""The audio of sessions, in ranges of bytes, so that a player can jump."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from pipeline.store.kept_audio import KeptAudio

from .sessions import Library

# Each time the browser asks whether its copy is still the same: a session that was deleted must not play on.
_HEADERS = {"Cache-Control": "private, no-cache"}
_PIECE = 1 << 16


def audio_address(session_id: str) -> str:
    """Where the audio of a session is served."""
    return f"/audio/{session_id}"


def audio_routes(library: Library) -> APIRouter:
    """``/audio/<session id>``: the FLAC that the workspace keeps; 404 with a sentence where it keeps none."""
    routes = APIRouter()

    @routes.api_route("/audio/{session_id}", methods=["GET", "HEAD"])
    def audio(session_id: str, request: Request) -> Response:
        return audio_response(library, session_id, request.headers.get("range"), request.method == "HEAD")

    return routes


def audio_response(library: Library, session_id: str, wanted: str | None = None, head: bool = False) -> Response:
    """The audio of a session, in the byte range that the request asks for.

    Raises
    ------
    HTTPException
        404 where none is kept, or it is encrypted and the key is not here.
    """
    kept = library.listen(session_id)
    if kept is None:
        raise HTTPException(404, "no audio is kept for this session")
    if not kept.is_encrypted:
        return FileResponse(kept.path, media_type="audio/flac", headers=_HEADERS)
    return _decrypted(kept, wanted, head)


def byte_range(wanted: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last of a Range header; None where the whole is meant.

    Raises
    ------
    HTTPException
        416 where no such bytes are there.

    >>> byte_range("bytes=10-19", 100), byte_range("bytes=-10", 100), byte_range("bytes=0-9, 20-29", 100)
    ((10, 20), (90, 100), None)
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", (wanted or "").replace(" ", ""))
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or start >= end:
        raise HTTPException(416, "no such bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, end


def _decrypted(kept: KeptAudio, wanted: str | None, head: bool) -> Response:
    part = byte_range(wanted, kept.size)
    start, end = part or (0, kept.size)
    headers = _HEADERS | {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{kept.size}"
    status = 206 if part else 200
    if head:
        return Response(status_code=status, headers=headers, media_type="audio/flac")
    return StreamingResponse(_pieces(kept.open(), start, end), status, headers, "audio/flac")


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(_PIECE, end - start))):
            start += len(piece)
            yield piece
