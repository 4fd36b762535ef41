"""Reviews: what a person says of a session's turns, one step at a time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from pipeline.corrections import Corrections

from ..reviewing import review_json
from ..sessions import Library
from .sessions import NO_SESSION, SessionId


class Split(BaseModel):
    """Where a turn is two."""

    model_config = ConfigDict(extra="forbid")

    turn: int = Field(ge=0, le=2**31, description="row of the turn, from 0")
    at: float = Field(ge=0, le=1e9, allow_inf_nan=False, description="seconds from the beginning of the recording")


class Answer(BaseModel):
    """Who speaks in turns, or how they sound."""

    model_config = ConfigDict(extra="forbid")

    turns: list[Annotated[int, Field(ge=0, le=2**31)]] = Field(
        [], max_length=100_000, description="rows of turns, from 0"
    )
    all_of: str | None = Field(None, max_length=100, description="instead of turns: all turns of this speaker label")
    speaker: str | None = Field(None, max_length=100, description="label of the speaker who speaks there")
    emotion: str | None = Field(None, max_length=100, description="label of the emotion that they sound like")
    split: Split | None = Field(None, description="by itself: a turn that is two, and where")
    join: int | None = Field(
        None, ge=0, le=2**31, description="by itself: row of a turn that is one with its speaker's next one"
    )


def correction_routes(library: Library) -> APIRouter:
    """Everything below ``/sessions/{session_id}/review``."""
    routes = APIRouter(tags=["review"])
    corrections = Corrections(library.workspace)

    def shown(session_id: str) -> dict[str, Any]:
        session = library.session(session_id)
        if session is None:
            raise HTTPException(404, NO_SESSION)
        return review_json(session, corrections.steps(session_id))

    def there(session_id: str) -> None:
        if not library.has_session(session_id):
            raise HTTPException(404, NO_SESSION)

    @routes.get("/sessions/{session_id}/review")
    def review(session_id: SessionId) -> dict[str, Any]:
        """The turns, the least sure first, what a person said of them, and how far the two agree."""
        return shown(session_id)

    @routes.post("/sessions/{session_id}/review")
    def answer(session_id: SessionId, said: Answer) -> dict[str, Any]:
        """Correct or confirm turns, as one step; gives the review as it is then."""
        there(session_id)
        if said.split is not None or said.join is not None:
            _cut(corrections, session_id, said)
        elif said.all_of is None:
            corrections.answer(session_id, said.turns, said.speaker, said.emotion)
        elif said.speaker is None or said.emotion is not None or said.turns:
            raise HTTPException(422, "all_of goes with speaker alone: whose turns they are")
        else:
            corrections.answer_all_alike(session_id, said.all_of, said.speaker)
        return shown(session_id)

    @routes.post("/sessions/{session_id}/review/undo")
    def undo(session_id: SessionId) -> dict[str, Any]:
        """Take the last step back."""
        there(session_id)
        corrections.undo(session_id)
        return shown(session_id)

    @routes.post("/sessions/{session_id}/review/redo")
    def redo(session_id: SessionId) -> dict[str, Any]:
        """Put the step again that was taken back last."""
        there(session_id)
        corrections.redo(session_id)
        return shown(session_id)

    return routes


def _cut(corrections: Corrections, session_id: str, said: Answer) -> None:
    if len(said.model_fields_set) > 1:
        raise HTTPException(422, "split and join go by themselves: one step each")
    if said.split is not None:
        corrections.split(session_id, said.split.turn, said.split.at)
    elif said.join is not None:
        corrections.join(session_id, said.join)
