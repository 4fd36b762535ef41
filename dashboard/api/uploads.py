"""Uploads: files streamed to disk in pieces, so that one that broke off goes on where it stopped."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field

from diarization.audio import audio_suffixes
from pipeline.access.visitors import visitor

LARGEST = 4 * 2**30
"""Bytes that one upload may have, unless the server says otherwise."""

_SPARE = 512 * 2**20  # bytes of the disk that uploads leave free
_ABANDONED = 7 * 24 * 3600  # seconds after which an unfinished upload goes
_ID = re.compile(r"[0-9a-f]{16}")

UploadId = Annotated[str, PathParameter(pattern="^[0-9a-f]{16}$", description="id of the upload")]


@dataclass(frozen=True)
class Upload:
    """One file on its way: its id, its name, its size in bytes, and how many of them are here."""

    id: str
    name: str
    size: int
    offset: int = 0


class Uploads:
    """The folder of a workspace in which uploads are put together.

    Parameters
    ----------
    workspace : Path
        Its folder.
    largest : int
        Bytes that one upload may have.
    """

    def __init__(self, workspace: Path, largest: int = LARGEST) -> None:
        self.folder = workspace / "uploads"
        self.largest = largest

    def begin(self, name: str, size: int) -> Upload:
        """A new, empty upload.

        Raises
        ------
        HTTPException
            413 where it is too large, 415 where its name is none of audio or video, 507 where the disk is too full.
        """
        name = clean_file_name(name)
        if not name.lower().endswith(audio_suffixes):
            raise HTTPException(415, f"{name}: not taken; files ending in {', '.join(audio_suffixes)} are")
        if size > self.largest:
            raise HTTPException(413, f"{name}: {size:,} bytes; at most {self.largest:,} are taken")
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < size + _SPARE:
            raise HTTPException(507, f"{name}: no room for {size:,} bytes on the server's disk")
        upload = Upload(secrets.token_hex(8), name, size)
        place = self.folder / upload.id
        place.mkdir(mode=0o700)
        here = visitor()
        facts = asdict(upload) | ({"owner": here.id} if here and here.name else {})
        (place / "upload.json").write_text(json.dumps(facts), encoding="utf-8")
        (place / "part").touch()
        return upload

    def get(self, upload_id: str) -> Upload:
        """An upload as it stands.

        Raises
        ------
        HTTPException
            404 where there is none.
        """
        place = self.folder / upload_id
        try:
            if not _ID.fullmatch(upload_id):
                raise FileNotFoundError
            facts = json.loads((place / "upload.json").read_text(encoding="utf-8"))
            if not _is_mine(facts.pop("owner", None)):
                raise FileNotFoundError
            part = place / "part"
            offset = (part if part.exists() else place / facts["name"]).stat().st_size
        except OSError:
            raise HTTPException(404, "there is no such upload, or it was analysed or removed") from None
        return Upload(**(facts | {"offset": offset}))

    async def append(self, upload_id: str, offset: int, chunks: AsyncIterator[bytes]) -> Upload:
        """Add bytes from ``offset`` on; what arrived stays, also where the connection breaks.

        Raises
        ------
        HTTPException
            404 where there is none, 409 where the offset is not what is here, 413 where more comes than was announced.
        """
        upload = self.get(upload_id)
        if offset != upload.offset:
            raise HTTPException(409, f"{upload.offset} bytes are here, not {offset}; go on from there")
        left = upload.size - upload.offset
        async with await anyio.open_file(self.folder / upload_id / "part", "ab") as part:
            async for chunk in chunks:
                if len(chunk) > left:
                    raise HTTPException(413, f"more than the {upload.size:,} bytes that were announced")
                await part.write(chunk)
                left -= len(chunk)
        return self.get(upload_id)

    def finished(self, upload_id: str) -> Path:
        """The file of a whole upload, under its own name.

        Raises
        ------
        HTTPException
            404 where there is none, 409 where bytes are missing.
        """
        upload = self.get(upload_id)
        if upload.offset < upload.size:
            missing = f"{upload.offset:,} of {upload.size:,} bytes are here; send the rest"
            raise HTTPException(409, f"{upload.name}: {missing}")
        part, file = self.folder / upload_id / "part", self.folder / upload_id / upload.name
        if part.exists():
            part.rename(file)
        return file

    def remove(self, upload_id: str) -> None:
        """Take an upload away.

        Raises
        ------
        HTTPException
            404 where there is none.
        """
        shutil.rmtree(self.folder / self.get(upload_id).id, ignore_errors=True)

    def sweep(self) -> None:
        """Take unfinished uploads away that nobody has gone on with for a week."""
        for place in self.folder.glob("*/part") if self.folder.is_dir() else ():
            if time.time() - place.stat().st_mtime > _ABANDONED:
                shutil.rmtree(place.parent, ignore_errors=True)


class NewUpload(BaseModel):
    """A file that is to come."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255, description="the file's name")
    size: int = Field(ge=1, le=2**53, description="its bytes")


def upload_routes(uploads: Uploads) -> APIRouter:
    """Everything below ``/uploads``: begin, go on, look, remove."""
    routes = APIRouter(tags=["uploads"])

    @routes.post("/uploads", status_code=201)
    def begin(new: NewUpload) -> Upload:
        """Begin an upload; send its bytes with PATCH, in as many pieces as you like."""
        return uploads.begin(new.name, new.size)

    @routes.get("/uploads/{upload_id}")
    def look(upload_id: UploadId) -> Upload:
        """How far an upload is; after a break go on from ``offset``."""
        return uploads.get(upload_id)

    @routes.patch(
        "/uploads/{upload_id}",
        openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
    )
    async def go_on(
        request: Request,
        upload_id: UploadId,
        upload_offset: Annotated[int, Header(ge=0, le=2**53, description="bytes that are here already")],
    ) -> Upload:
        """Send bytes; those that arrived before a break stay."""
        return await uploads.append(upload_id, upload_offset, request.stream())

    @routes.delete("/uploads/{upload_id}", status_code=204, response_class=Response)
    def remove(upload_id: UploadId) -> Response:
        """Take an upload away."""
        uploads.remove(upload_id)
        return Response(status_code=204)

    return routes


def _is_mine(owner: str | None) -> bool:
    """Whether whoever is at work began an upload; admins see all of them."""
    here = visitor()
    return here is None or here.role == "admin" or owner == here.id


def clean_file_name(name: str) -> str:
    """The last part of a path, without characters that mean something to a disk or a terminal.

    >>> clean_file_name("C:\\calls\\..\\a b.wav"), clean_file_name("../../etc/x.wav")
    ('a b.wav', 'x.wav')
    """
    last = re.split(r"[\\/]", name)[-1]
    kept = "".join(each for each in last if each.isprintable() and each not in '<>:"|?*').strip(". ")
    return kept[-200:] or "recording"
