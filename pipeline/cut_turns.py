"""A session with its turns split and joined: what the machine found, laid out as a person said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diarization.segments import Segment
from diarization.turn_texts import joined_text, text_within
from emotion.readout import Readout
from emotion.recognizers import EmotionConfig

from .cuts import Part, Piece

if TYPE_CHECKING:
    from .sessions import Session, SessionArrays

Floats = NDArray[np.floating[Any]]

_SHORTEST = 0.5
"""Seconds of speech below which a half of a turn is not scored, unless the session's settings say otherwise."""

_TINY = 1e-6


def cut_session(session: Session, pieces: Sequence[Piece]) -> Session:
    """The session with these turns in place of the machine's.

    The scores of a stretch of a turn are the turn's, tilted by how the frame scores of the stretch differ from those of
    the whole turn, so that a calibration or an own head holds on; a stretch without frames, or one that is too short,
    is not scored. Turns that are joined have the mean of what they are joined from, weighted by time. The recogniser's
    vector and the voice's measures are of whole turns: a half has none.
    """
    from .sessions import turns_table

    rows = [_row(session, piece) for piece in pieces]
    table = turns_table([row for row, _ in rows], session.scheme)
    speakers = session.turns["speaker"].tolist()
    whole = [_is_machines(session, piece) for piece in pieces]
    arrays = _arrays(session.arrays, pieces, whole, [weights for _, weights in rows])
    return replace(session, turns=table, segments=_segments(session.segments, speakers, pieces), arrays=arrays)


def is_whole(session: Session, part: Part) -> bool:
    """Whether a part is all of its turn."""
    turn = session.turns.loc[part.turn]
    return bool(abs(part.start - turn["start"]) < _TINY and abs(part.end - turn["end"]) < _TINY)


def _is_machines(session: Session, piece: Piece) -> bool:
    """Whether a piece is a turn of the machine's, also one that was split and joined again."""
    return not piece.cuts or (len(piece.parts) == 1 and is_whole(session, piece.parts[0]))


def _row(session: Session, piece: Piece) -> tuple[dict[str, Any], dict[Part, float]]:
    """The row of a piece, and the seconds by which each of its parts that is scored counts."""
    if _is_machines(session, piece):
        (part,) = piece.parts
        row: dict[Any, Any] = session.turns.loc[part.turn].to_dict()
        return row, {part: part.end - part.start} if row["scored"] else {}
    longest = max(piece.parts, key=lambda part: part.end - part.start)
    own = session.turns.loc[[part.turn for part in piece.parts]]
    seconds = np.array([part.end - part.start for part in piece.parts])
    basis = {
        "start": piece.start,
        "end": piece.end,
        "speaker": session.turns.at[longest.turn, "speaker"],
        "speaker_confidence": float(own["speaker_confidence"].min()),
        "overlap": float(np.average(own["overlap"].to_numpy(np.float64), weights=seconds)),
        "text": joined_text(_text(session, part) or "" for part in piece.parts) or None,
    }
    known = {part: scores for part in piece.parts if (scores := _scores(session, part)) is not None}
    if not known:
        return basis | {"scored": False, "reason": _reason(session, longest)}, {}
    weights = {part: part.end - part.start for part in known}
    mean = np.average(list(known.values()), axis=0, weights=list(weights.values()))
    return basis | _told(session, mean), weights


def _told(session: Session, scores: Floats) -> dict[str, Any]:
    from .scoring import told

    known = (session.provenance.get("config") or {}).get("emotion") or {}
    bounds = {key: known[key] for key in ("uncertain_below", "uncertain_margin") if key in known}
    return told(Readout.of(session.scheme, EmotionConfig(**bounds)), scores)


def _text(session: Session, part: Part) -> str | None:
    """What is said in a stretch of a turn, as if the turn was spoken evenly."""
    row: dict[Any, Any] = session.turns.loc[part.turn].to_dict()
    start, length = float(row["start"]), float(row["end"] - row["start"])
    return text_within(row["text"], (part.start - start) / length, (part.end - start) / length)


def _scores(session: Session, part: Part) -> Floats | None:
    """The scores of a stretch of a turn, shape (labels,); None where it has none."""
    turn = session.turns.loc[part.turn]
    if not turn["scored"]:
        return None
    scores = np.asarray(turn[session.score_columns].to_numpy(np.float64))
    if is_whole(session, part):
        return scores
    times, frames = session.frames_of(part.turn)
    inside = (times >= part.start) & (times < part.end)
    if not inside.any() or part.end - part.start < _shortest(session):
        return None
    tilt = (frames[inside].mean(axis=0) + _TINY) / (frames.mean(axis=0) + _TINY)
    tilted = scores * tilt
    return np.asarray(tilted / tilted.sum())


def _shortest(session: Session) -> float:
    known = (session.provenance.get("config") or {}).get("emotion") or {}
    return float(known.get("min_speech", _SHORTEST))


def _reason(session: Session, part: Part) -> str:
    reason = session.turns.at[part.turn, "reason"]
    if not session.turns.at[part.turn, "scored"] and reason:
        return str(reason)
    return f"{part.end - part.start:.2f} s of clean speech; at least {_shortest(session):g} s are needed"


def _arrays(
    arrays: SessionArrays, pieces: Sequence[Piece], whole: Sequence[bool], weights: Sequence[Mapping[Part, float]]
) -> SessionArrays:
    frames = [_frames(arrays, piece, own) for piece, own in zip(pieces, weights, strict=True)]
    counts = [len(own) for own in frames]
    order = np.concatenate([np.zeros(0, np.int64), *frames]).astype(np.int64)
    return replace(
        arrays,
        embeddings=_of_pieces(arrays.embeddings, pieces, whole, weights),
        voices=_of_pieces(arrays.voices, pieces, whole, weights),
        frame_scores=arrays.frame_scores[order],
        frame_times=arrays.frame_times[order],
        frame_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def _frames(arrays: SessionArrays, piece: Piece, scored: Mapping[Part, float]) -> NDArray[np.int64]:
    """The rows of the frames of a piece."""
    found = [np.zeros(0, np.int64)]
    for part in piece.parts:
        rows = np.arange(arrays.frame_offsets[part.turn], arrays.frame_offsets[part.turn + 1])
        times = arrays.frame_times[rows]
        if part in scored:
            found.append(rows[(times >= part.start - _TINY) & (times < part.end)] if piece.cuts else rows)
    return np.concatenate(found)


def _of_pieces(
    known: NDArray[np.float32],
    pieces: Sequence[Piece],
    whole: Sequence[bool],
    weights: Sequence[Mapping[Part, float]],
) -> NDArray[np.float32]:
    """What is known of whole turns, of the pieces: of those joined from whole turns the mean by time; else nan."""
    if not len(known):
        return known
    made = np.full((len(pieces), known.shape[1]), np.nan, np.float32)
    for at, (piece, own) in enumerate(zip(pieces, weights, strict=True)):
        if whole[at]:
            made[at] = known[piece.parts[0].turn]
        elif "split" not in piece.cuts and own:
            rows = known[[part.turn for part in own]].astype(np.float64)
            made[at] = np.average(rows, axis=0, weights=list(own.values()))
    return made


def _segments(table: pd.DataFrame, speakers: Sequence[str], pieces: Sequence[Piece]) -> pd.DataFrame:
    """The diarization, its segments cut where a turn of their speaker was split."""
    rows = list(table.itertuples(index=False, name=None))
    for piece in pieces:
        for part in piece.parts:
            speaker, edges = speakers[part.turn], (part.start, part.end)
            rows = [cut for row in rows for cut in (_cut(row, edges) if row[2] == speaker else [row])]
    from .sessions import segments_table

    return segments_table([(Segment(start, end), who) for start, end, who in sorted(rows)])


def _cut(row: tuple[float, float, str], edges: tuple[float, float]) -> list[tuple[float, float, str]]:
    start, end, speaker = row
    inner = [edge for edge in edges if start + _TINY < edge < end - _TINY]
    times = [start, *sorted(inner), end]
    return [(one, other, speaker) for one, other in pairwise(times)]
