"""Trains a head from labelled speech: embeddings that the workspace has, the rest through the recogniser."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.errors import ConfigError, FormatError
from emotion.head_training import train
from emotion.heads import Head
from emotion.schemes import CANONICAL, VALENCE_AROUSAL, EmotionScheme

from .engines import Engines
from .labelled import Watch, recognize_clips
from .labels import LabelledClip, known_label, read_label_table
from .own_models import check_name
from .sessions import Session
from .workspace import Workspace

SAME_TIME = 0.1
"""Seconds by which a labelled stretch's ends may lie beside a turn's for the turn's embedding to be taken."""

Norms = Mapping[str, tuple[float, float]]


def train_head(
    labels: Path,
    name: str,
    engines: Engines,
    workspace: Workspace,
    norms: Norms | None = None,
    watch: Watch | None = None,
) -> Head:
    """A head for the labels of a CSV file; nothing is stored.

    Parameters
    ----------
    labels : Path
        See ``read_label_table``.
    name : str
        What to call it.
    engines : Engines
        Whose recogniser's embeddings it reads; without a head of its own.
    workspace : Workspace
        Where sessions that the labels name are looked up.
    norms : mapping, optional
        Valence and arousal by label, over what the file says; canonical labels have those of the literature.
    watch : callable, optional
        Told of each step and the share that is done.

    Raises
    ------
    FormatError, ConfigError
        Where the labels or norms cannot be used; the message says why.
    """
    check_name(name, "head")
    clips = _with_participants(read_label_table(labels), workspace)
    words = _in_order(clips)
    scheme = EmotionScheme(words, _norms(words, clips, norms or {}))
    found, embeddings, left_out, reused = _embeddings(clips, engines, workspace, watch)
    truth = np.array([words.index(clip.label) for clip in found], np.int64)
    try:
        trained = train(embeddings, truth, words, [clip.speaker for clip in found])
    except FormatError as error:
        hint = f" ({len(left_out)} clips were not scored; the first: {left_out[0]})" if left_out else ""
        raise FormatError(f"{labels}: {error}{hint}") from None
    notes = list(trained.report["notes"])
    if left_out:
        notes.append(f"{len(left_out)} clips were not scored; the first: {left_out[0]}.")
    if scheme.without_norms:
        missing = ", ".join(scheme.without_norms)
        notes.append(
            f"Valence and arousal will not be derived: {missing} have none; --valence and --arousal give them."
        )
    facts = trained.report | {
        "source": labels.name,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "backend": engines.config.emotion.backend,
        "model": engines.config.emotion.model,
        "num_left_out": len(left_out),
        "num_reused": reused,
        "notes": notes,
    }
    uses = tuple((use.name, use.revision) for use in engines.models["recognizer"])
    model = trained.model
    return Head(name, scheme, uses, model.mean, model.scale, model.weights, model.bias, trained.temperature, facts)


def _in_order(clips: Sequence[LabelledClip]) -> tuple[str, ...]:
    """The labels: canonical ones as everywhere, then the others by alphabet."""
    words = {clip.label for clip in clips}
    return (*(each for each in CANONICAL if each in words), *sorted(words - set(CANONICAL)))


def _norms(words: Sequence[str], clips: Sequence[LabelledClip], given: Norms) -> tuple[tuple[float, float] | None, ...]:
    if strange := [label for label in given if label not in words]:
        raise ConfigError(f"--valence, --arousal: no clip has the label '{strange[0]}'; labels are {', '.join(words)}")
    written: dict[str, tuple[float, float]] = {}
    for clip in clips:
        if clip.norms and written.setdefault(clip.label, clip.norms) != clip.norms:
            raise FormatError(f"{clip.where}: another valence or arousal for '{clip.label}' than further up")
    return tuple(given.get(word) or written.get(word) or VALENCE_AROUSAL.get(known_label(word)) for word in words)


def _with_participants(clips: Sequence[LabelledClip], workspace: Workspace) -> list[LabelledClip]:
    """Ids of sessions in full, and who speaks where the file does not say it and the session's turns do."""
    sessions = {each: workspace.session(each) for each in {clip.source for clip in clips if clip.is_session}}
    return [_completed(clip, sessions[clip.source]) if clip.is_session else clip for clip in clips]


def _completed(clip: LabelledClip, session: Session) -> LabelledClip:
    turn = _turn_of(clip, session)
    speaker = clip.speaker
    if speaker is None and turn is not None:
        label = str(session.turns["speaker"].iloc[turn])
        name = session.name_of(label)
        known = (session.speakers["participant"] == name).any()
        speaker = f"{session.case or session.id}/{name}" if known else f"{session.id}/{label}"
    return replace(clip, source=session.id, speaker=speaker)


def _turn_of(clip: LabelledClip, session: Session) -> int | None:
    """The row of the turn that a clip is, within ``SAME_TIME``."""
    assert clip.segment is not None
    starts, ends = (session.turns[name].to_numpy(float) for name in ("start", "end"))
    apart = np.maximum(np.abs(starts - clip.segment.start), np.abs(ends - clip.segment.end))
    return int(apart.argmin()) if len(apart) and apart.min() <= SAME_TIME else None


def _embeddings(
    clips: Sequence[LabelledClip], engines: Engines, workspace: Workspace, watch: Watch | None
) -> tuple[list[LabelledClip], NDArray[np.float64], list[str], int]:
    """The clips that have one, their embeddings, what was left out and why, and how many the workspace had."""
    stored = _stored(clips, engines, workspace)
    rest = [clip for index, clip in enumerate(clips) if index not in stored]
    kept = [clips[index] for index in stored]
    if not rest:
        return kept, np.array(list(stored.values()), np.float64), [], len(stored)
    heard = recognize_clips(rest, engines, workspace, watch)
    rows: list[Any] = [*stored.values(), *(turn.embedding for turn in heard.turns)]
    return [*kept, *heard.clips], np.array(rows, np.float64), heard.left_out, len(stored)


def _stored(clips: Sequence[LabelledClip], engines: Engines, workspace: Workspace) -> dict[int, NDArray[Any]]:
    """Embeddings by clip, where a session's turn is the clip and the same models gave its embedding."""
    found: dict[int, NDArray[Any]] = {}
    uses = [(use.name, use.revision) for use in engines.models["recognizer"]]
    sessions = {each: workspace.session(each) for each in {clip.source for clip in clips if clip.is_session}}
    for index, clip in enumerate(clips):
        if clip.is_session and _scored_by(sessions[clip.source]) == uses:
            turn = _turn_of(clip, sessions[clip.source])
            if turn is not None and sessions[clip.source].turns["scored"].iloc[turn]:
                found[index] = sessions[clip.source].arrays.embeddings[turn]
    return found


def _scored_by(session: Session) -> list[tuple[str, str]]:
    models = (session.provenance.get("recognizer") or {}).get("models") or []
    known = [(each["name"], each["revision"]) for each in models]
    return [each for each in known if not each[0].startswith("head ")]
