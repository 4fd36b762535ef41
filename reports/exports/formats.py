"""Every export by name, and how its files are put in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from diarization.recordings import Waveform

if TYPE_CHECKING:
    from pipeline.sessions import Session

SoundOf = Callable[["Session"], Waveform]
"""Gives a session's sound at 16 kHz."""

Files = Callable[[Sequence["Session"], bool], Mapping[str, bytes]]
"""(sessions, labels) -> content by the ending of the file's name, the main one first."""

Fill = Callable[[Sequence["Session"], Path, bool, SoundOf], None]
"""(sessions, folder, labels, sound) -> None, writes into the folder."""


@dataclass(frozen=True)
class ExportFormat:
    """One thing that sessions can become.

    Parameters
    ----------
    name : str
        What ``--to`` calls it.
    title : str
        What people call it.
    files : callable, optional
        Makes one or more files that share a stem.
    fill : callable, optional
        Fills a folder instead.
    several : bool
        Whether one result holds several sessions; else each has its own.
    """

    name: str
    title: str
    files: Files | None = None
    fill: Fill | None = None
    several: bool = False


def _turn_file(name: str, sessions: Sequence[Session], labels: bool) -> Mapping[str, bytes]:
    from .turn_files import codec_files

    (session,) = sessions
    return codec_files(session, name, labels)


def _rttm(sessions: Sequence[Session], labels: bool) -> Mapping[str, bytes]:
    from .turn_files import rttm_files

    return rttm_files(sessions, labels)


def _csv(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .tables import csv_of, turn_rows

    return {".csv": csv_of(turn_rows(sessions))}


def _csv_frames(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .tables import csv_of, frame_rows

    return {".frames.csv": csv_of(frame_rows(sessions))}


def _parquet(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .tables import parquet_of, turn_rows

    return {".parquet": parquet_of(turn_rows(sessions))}


def _parquet_frames(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .tables import frame_rows, parquet_of

    return {".frames.parquet": parquet_of(frame_rows(sessions))}


def _json(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .sessions_json import json_of

    return {".json": json_of(sessions)}


def _label_studio(sessions: Sequence[Session], labels: bool) -> Mapping[str, bytes]:
    from .label_studio import label_studio_files

    return label_studio_files(sessions, labels)


def _labels(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .corrections import correction_rows
    from .tables import csv_of

    return {".labels.csv": csv_of(correction_rows(sessions))}


def _npy(sessions: Sequence[Session], _labels: bool) -> Mapping[str, bytes]:
    from .embeddings import embedding_files

    (session,) = sessions
    return embedding_files(session)


def _clips(sessions: Sequence[Session], folder: Path, labels: bool, sound_of: SoundOf) -> None:
    from .clips import write_clips

    write_clips(sessions, folder, labels, sound_of)


def _audformat(sessions: Sequence[Session], folder: Path, labels: bool, _sound_of: SoundOf) -> None:
    from .audformat import write_audformat

    write_audformat(sessions, folder, labels)


def _lhotse(sessions: Sequence[Session], folder: Path, labels: bool, _sound_of: SoundOf) -> None:
    from .lhotse import write_lhotse

    write_lhotse(sessions, folder, labels)


EXPORTS: dict[str, ExportFormat] = {
    each.name: each
    for each in (
        ExportFormat("rttm", "RTTM and UEM", _rttm, several=True),
        ExportFormat("csv", "CSV, a row a turn", _csv, several=True),
        ExportFormat("csv-frames", "CSV, a row a frame", _csv_frames, several=True),
        ExportFormat("json", "JSON with a schema", _json, several=True),
        ExportFormat("textgrid", "Praat TextGrid", partial(_turn_file, "textgrid")),
        ExportFormat("eaf", "ELAN", partial(_turn_file, "eaf")),
        ExportFormat("vtt", "WebVTT", partial(_turn_file, "vtt")),
        ExportFormat("srt", "SubRip", partial(_turn_file, "srt")),
        ExportFormat("parquet", "Parquet, a row a turn", _parquet, several=True),
        ExportFormat("parquet-frames", "Parquet, a row a frame", _parquet_frames, several=True),
        ExportFormat("clips", "a folder a turn, as single-clip tools write", fill=_clips, several=True),
        ExportFormat("labels", "CSV of a person's corrections", _labels, several=True),
        ExportFormat("label-studio", "Label Studio tasks", _label_studio, several=True),
        ExportFormat("audformat", "audformat database", fill=_audformat, several=True),
        ExportFormat("lhotse", "lhotse manifests", fill=_lhotse, several=True),
        ExportFormat("npy", "NumPy embeddings", _npy),
        ExportFormat("whisperx", "WhisperX JSON", partial(_turn_file, "whisperx")),
        ExportFormat("pyannote", "pyannote JSON", partial(_turn_file, "pyannote")),
        ExportFormat("aws", "AWS Transcribe Call Analytics JSON", partial(_turn_file, "aws")),
    )
}
"""By name."""


def export_names() -> list[str]:
    """What ``--to`` accepts, in order."""
    return list(EXPORTS)
