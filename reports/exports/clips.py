"""The plain folder that single-clip tools write, once a turn: its sound, its result, its embedding."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diarization.recordings import SAMPLING_RATE, Waveform, cut
from diarization.segments import Segment

from .embeddings import npy_of
from .names import names_of, stems_of
from .tables import facts_of

if TYPE_CHECKING:
    from pipeline.sessions import Session

SOUND, RESULT, EMBEDDING = "processed_audio.wav", "result.json", "embedding.npy"


def write_clips(
    sessions: Sequence[Session], folder: Path, labels: bool, sound_of: Callable[[Session], Waveform]
) -> None:
    """Fill the folder: ``RECORDING/turn-0000/`` with ``processed_audio.wav``, ``result.json``, ``embedding.npy``.

    The sound is the whole turn, 16 kHz, 16 bit. A turn that is not scored has ``emotion`` null, the reason, and no
    embedding.
    """
    stems = stems_of(sessions)
    for session in sessions:
        waveform, names = sound_of(session), names_of(session, labels)
        for number, row in enumerate(session.to_json()["turns"]):
            clip = folder / stems[session.id] / f"turn-{number:04d}"
            clip.mkdir(parents=True)
            (clip / SOUND).write_bytes(_wav(cut(waveform, Segment(row["start"], row["end"]))))
            result = result_of(session, number, row, names)
            (clip / RESULT).write_text(
                json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False) + "\n", "utf-8"
            )
            if row["scored"] and len(session.arrays.embeddings):
                (clip / EMBEDDING).write_bytes(npy_of(session.arrays.embeddings[number]))


def result_of(session: Session, number: int, turn: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """What ``result.json`` says of a turn: emotion, confidence, scores, granularity, timestamp; then whose it is.

    ``turn`` is the turn as the session's JSON has it; what else it says comes last.
    """
    first = {key: turn[key] for key in ("emotion", "confidence", "scores")}
    return (
        first
        | {"granularity": "utterance", "timestamp": session.provenance.get("analysed")}
        | facts_of(session)
        | {"turn": number, "name": names[turn["speaker"]]}
        | {key: value for key, value in turn.items() if key not in first}
    )


def _wav(waveform: Waveform) -> bytes:
    import soundfile

    file = BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), SAMPLING_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
