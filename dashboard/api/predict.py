"""One clip in, its emotion out: what people script against single-clip servers."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from pydantic import BaseModel, Field

from .uploads import clean_file_name

_LARGEST = 64 * 2**20
_LONGEST = 60.0  # seconds that a recogniser takes at once

Granularity = Literal["utterance", "frame"]


class FrameScores(BaseModel):
    """Scores over time."""

    step: float = Field(description="seconds from one row to the next")
    scores: list[dict[str, float]] = Field(description="a probability a label, one row after the other")


class Prediction(BaseModel):
    """What a clip sounds like."""

    emotion: str = Field(description="the label with the highest score")
    confidence: float = Field(description="that score, 0 to 1")
    scores: dict[str, float] = Field(description="a probability a label, sum 1")
    granularity: Granularity = Field(description="utterance, or frame, which adds scores over time")
    duration: float = Field(description="seconds")
    model: str = Field(description="name and revision of the recogniser")
    frames: FrameScores | None = Field(None, description="scores over time, with granularity frame")
    embedding: list[float] | None = Field(None, description="the recogniser's vector, where asked for")


def predict_routes() -> APIRouter:
    """``/predict``: nothing of it is stored."""
    routes = APIRouter(tags=["predict"])

    @routes.post("/predict")
    async def predict(
        file: Annotated[UploadFile, File(description="a clip of one voice, 0.1 to 60 s")],
        granularity: Annotated[Granularity, Form()] = "utterance",
        embedding: Annotated[bool, Form()] = False,
    ) -> Prediction:
        """What one clip of one voice sounds like. The clip is not kept.

        Without other speech of the same voice, the embedded recogniser compares with an average speaker.
        """
        if (file.size or 0) > _LARGEST:
            raise HTTPException(413, f"{file.size:,} bytes; at most {_LARGEST:,} are taken, a minute of sound")
        content = await file.read()
        name = clean_file_name(file.filename or "clip")
        return await asyncio.to_thread(_predicted, content, name, granularity, embedding)

    return routes


def _predicted(content: bytes, name: str, granularity: Granularity, embedding: bool) -> Prediction:
    from diarization.audio import read
    from pipeline.config import Config
    from pipeline.engines import MODELS_IN_USE, Engines

    with tempfile.TemporaryDirectory(prefix="turntone-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        sound = read(path)
    if sound.recording.duration > _LONGEST:
        raise HTTPException(
            413, f"{name}: {sound.recording.duration:.0f} s; at most {_LONGEST:.0f} s are scored at once, "
            "POST /api/recordings takes whole conversations",
        )  # fmt: skip
    recognizer = Engines(Config()).recognizer
    with MODELS_IN_USE:
        (found,) = recognizer.recognize([sound.waveform])
    return _prediction(recognizer, found, sound.recording.duration, granularity, embedding)


def _prediction(recognizer: Any, found: Any, duration: float, granularity: Granularity, embedding: bool) -> Prediction:
    labels = recognizer.scheme.labels
    scores = dict(zip(labels, map(float, found.scores), strict=True))
    top = max(scores, key=scores.__getitem__)
    rows = [dict(zip(labels, map(float, row), strict=True)) for row in found.frame_scores]
    return Prediction(
        emotion=top,
        confidence=scores[top],
        scores=scores,
        granularity=granularity,
        duration=duration,
        model=", ".join(f"{use.name} {use.revision[:12]}" for use in recognizer.uses),
        frames=FrameScores(step=found.frame_step, scores=rows) if granularity == "frame" else None,
        embedding=[float(each) for each in found.embedding] if embedding else None,
    )
