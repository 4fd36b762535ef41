"""Errors as problem+json (RFC 9457), with the library's sentences."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from diarization.errors import AccessError, TurntoneError
from reports.language import speaking, translated

from ..languages import language_of_page


class Problem(BaseModel):
    """What is wrong with a request."""

    type: str = Field("about:blank", description="always about:blank: the status says what kind of problem it is")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="a sentence: what is wrong, and what to do")


def problem(status: int, detail: str, asked: HTTPConnection | None = None) -> JSONResponse:
    """An answer that says what is wrong, to pages that ``asked`` in their reader's language."""
    with speaking(language_of_page(asked) if asked else "en"):
        detail = translated(detail)
    found = Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(found.model_dump(), status, media_type="application/problem+json")


def add_problems(server: FastAPI) -> None:
    """Let the application answer with problems wherever something is wrong."""

    @server.exception_handler(AccessError)
    def forbidden(request: Request, error: AccessError) -> JSONResponse:
        return problem(403, str(error), request)

    @server.exception_handler(TurntoneError)
    def mendable(request: Request, error: TurntoneError) -> JSONResponse:
        return problem(400, str(error), request)

    @server.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail), request)
        answer.headers.update(error.headers or {})
        return answer

    @server.exception_handler(RequestValidationError)
    def misunderstood(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, "; ".join(_said(each) for each in error.errors()), request)


def _said(error: dict[str, object]) -> str:
    where = error.get("loc")
    place = ".".join(str(each) for each in where[1:]) if isinstance(where, tuple) else ""
    return f"{place or 'body'}: {error.get('msg')}"
