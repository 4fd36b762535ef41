"""Deterministic sessions for tests of what comes after the analysis."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from diarization.recordings import Recording
from diarization.segments import Segment
from emotion.schemes import EmotionScheme
from pipeline.cuts import Answer
from pipeline.sessions import Session, SessionArrays, segments_table, speakers_table, turns_table

SCHEME = EmotionScheme(("angry", "happy", "neutral", "sad"))


def make_session(
    num_turns: int = 12,
    *,
    seed: int = 0,
    case: str | None = "Demo",
    date: datetime.date | None = datetime.date(2026, 3, 2),
    participants: tuple[str | None, ...] = ("Anna", "Ben"),
    roles: tuple[str | None, ...] = ("client", "counsellor"),
    scheme: EmotionScheme = SCHEME,
    dimension: int = 16,
    unscored: int | None = 3,
) -> Session:
    """A session of alternating turns of 3 s with 0.5 s between them; turn ``unscored`` is too short to score."""
    random = np.random.default_rng(seed)
    labels = [f"SPEAKER_{index:02d}" for index in range(len(participants))]
    rows, segments, frames, offsets, times = [], [], [], [0], []
    embeddings = np.full((num_turns, dimension), np.nan, np.float32)
    for index in range(num_turns):
        start = 3.5 * index
        scored = index != unscored
        end = start + (3.0 if scored else 0.3)
        speaker = labels[index % len(labels)]
        row = {"start": start, "end": end, "speaker": speaker, "overlap": 0.0, "scored": scored}
        row |= {"speaker_confidence": 0.9}
        if scored:
            scores = random.dirichlet(np.ones(len(scheme.labels)))
            emotion, confidence = scheme.top(scores)
            valence, arousal = scheme.valence_arousal(scores)
            row |= {"emotion": emotion, "confidence": confidence, "valence": valence, "arousal": arousal}
            row |= {f"score_{label}": score for label, score in zip(scheme.labels, scores, strict=True)}
            embeddings[index] = random.normal(size=dimension)
            frames += [scores] * 6
            times += [start + 0.25 + 0.5 * step for step in range(6)]
        else:
            row |= {"reason": "0.30 s of clean speech; at least 0.5 s are needed"}
        offsets.append(len(frames))
        rows.append(row)
        segments.append((Segment(start, end), speaker))
    return Session(
        id=f"{seed:012x}",
        case=case,
        date=date,
        recording=Recording(f"{seed:064x}", Path(f"session-{seed}.wav"), 3.5 * num_turns, 16_000, 1),
        scheme=scheme,
        speakers=speakers_table(
            [
                {"label": label, "participant": name, "role": role, "talk_time": 3.0 * (num_turns // len(labels))}
                for label, name, role in zip(labels, participants, roles, strict=True)
            ]
        ),
        segments=segments_table(segments),
        turns=turns_table(rows, scheme),
        quality={"level_dbfs": -23.0, "clipping": 0.0, "snr_db": 24.0, "silence": 0.14, "bandwidth_hz": 8000.0},
        provenance={"diarizer": {"name": "embedded"}, "recognizer": {"name": "embedded"}},
        speaker_count={"found": len(labels), "forced": None, "confidence": 0.9},
        arrays=SessionArrays(
            embeddings=embeddings,
            frame_scores=np.array(frames, np.float32).reshape(-1, len(scheme.labels)),
            frame_offsets=np.array(offsets, np.int64),
            frame_times=np.array(times, np.float64),
            speaker_embeddings=random.normal(size=(len(labels), 8)).astype(np.float32),
            peaks=np.tile(np.array([[-0.3, 0.3]], np.float32), (200, 1)),
        ),
    )


def said(answers: Mapping[int, Mapping[str, str]]) -> list[Answer]:
    """A person's answers by row of the turn and field, as they are stored."""
    rows = [(turn, field, value) for turn, own in answers.items() for field, value in own.items()]
    return [Answer(number, *row) for number, row in enumerate(rows, 1)]
