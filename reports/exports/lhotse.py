"""Lhotse manifests: recordings and supervisions as JSON lines (Żelasko et al. 2021)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .names import names_of, stems_of

if TYPE_CHECKING:
    from pipeline.sessions import Session


def write_lhotse(sessions: Sequence[Session], folder: Path, labels: bool) -> None:
    """Fill the folder: ``recordings.jsonl`` and ``supervisions.jsonl``; the sound stays where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    stems = stems_of(sessions)
    recordings = [_recording(session, stems[session.id]) for session in sessions]
    supervisions = [row for session in sessions for row in _supervisions(session, stems[session.id], labels)]
    for name, rows in (("recordings", recordings), ("supervisions", supervisions)):
        text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


def _recording(session: Session, stem: str) -> dict[str, Any]:
    recording = session.recording
    samples = round(recording.duration * recording.sampling_rate)
    channels = list(range(max(recording.channels, 1)))
    return {
        "id": stem,
        "sources": [{"type": "file", "channels": channels, "source": str(recording.path.absolute())}],
        "sampling_rate": recording.sampling_rate,
        "num_samples": samples,
        "duration": samples / recording.sampling_rate,
        "channel_ids": channels,
    }


def _supervisions(session: Session, stem: str, labels: bool) -> Iterator[dict[str, Any]]:
    names = names_of(session, labels)
    channels: int | list[int] = 0 if session.recording.channels < 2 else list(range(session.recording.channels))
    for number, row in enumerate(session.to_json()["turns"]):
        start, end = round(row["start"], 3), round(min(row["end"], session.recording.duration), 3)
        custom = {key: value for key, value in row.items() if key not in ("start", "end", "speaker", "text")}
        yield {
            "id": f"{stem}-{number:04d}",
            "recording_id": stem,
            "start": start,
            "duration": round(end - start, 3),
            "channel": channels,
            "speaker": names[row["speaker"]],
            "custom": {"session": session.id, **custom},
        } | ({"text": row["text"]} if row.get("text") else {})
