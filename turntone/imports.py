"""What ``turntone import`` does with each file: turns become sessions, corrections become a table of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diarization.errors import ConfigError, FormatError, TurntoneError

from .api import analyze

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

LABELS = Path("turntone-labels.csv")
"""Where labels go unless told otherwise."""


@dataclass
class Imported:
    """What files gave.

    Parameters
    ----------
    sessions : list of Session
        One a file of turns.
    labels : Path or None
        The table of labels, where any file held answers.
    num_labels : int
        Its rows.
    notes : list of str
        What the files do not say.
    """

    sessions: list[Session] = field(default_factory=list)
    labels: Path | None = None
    num_labels: int = 0
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "sessions": [session.to_json() for session in self.sessions],
            "labels": None if self.labels is None else str(self.labels),
            "num_labels": self.num_labels,
            "notes": self.notes,
        }


def import_all(
    files: Sequence[Path],
    recording: Path | None = None,
    output: Path | None = None,
    *,
    force: bool = False,
    date: str | None = None,
    **options: Any,
) -> Imported:
    """Import files: turns in any format, exports of Label Studio, folders of single clips.

    Parameters
    ----------
    files : sequence of Path
    recording : Path, optional
        The audio of a file of turns, or a folder of audio files called like the files of turns; the audio beside each
        file where left out.
    output : Path, optional
        The table of labels; ``turntone-labels.csv`` where left out.
    force : bool
        Replace that table.
    date : str, optional
        For one file of turns.
    **options
        As for ``turntone.analyze``: case, config, settings, device, workspace, progress.

    Raises
    ------
    TurntoneError
        Where a file is none of those, its audio is not there, or the table exists. All files are looked at before the
        first is imported.
    """
    tables, turns, found = [], [], Imported()
    for file in files:
        labels = _labels(file, found)
        if labels is None:
            turns.append((file, _recording_of(file, recording)))
        else:
            tables.append(labels)
    if date is not None and len(turns) > 1:
        raise ConfigError(f"date {date}: a date is for one file, not {len(turns)}; import them one by one")
    if recording is not None and recording.is_file() and len(turns) > 1:
        raise ConfigError(f"recording {recording}: one recording, but {len(turns)} files of turns; name a folder")
    if tables:
        found.labels, found.num_labels = _write_labels(tables, output or LABELS, force)
    for file, audio in turns:
        session = analyze(audio, turns=file, date=date, **options)
        found.sessions.append(session)
        found.notes += _unknown(file, audio, session)
    return found


def _labels(file: Path, found: Imported) -> pd.DataFrame | None:
    """The labels in a file or folder; None where it holds turns."""
    from diarization.formats.registry import decode, read_content
    from reports.exports.labels import clip_labels, is_clips, is_label_studio, label_studio_labels

    if file.is_dir():
        if not is_clips(file):
            raise FormatError(f"{file}: a folder without a result.json of a clip in it; name a file of turns")
        table, notes = clip_labels(file)
    elif is_label_studio(decode(read_content(file), file)):
        table, notes = label_studio_labels(file)
    else:
        return None
    found.notes += notes
    return table


def _recording_of(file: Path, recording: Path | None) -> Path:
    """The audio that a file of turns belongs to, once the file is known to be one."""
    from diarization.audio import audio_suffixes
    from diarization.formats.registry import read_turns

    if recording is not None and not recording.is_dir():
        read_turns(file, recording.stem)
        return recording
    folder = recording or file.parent
    stem = file.stem if file.with_suffix("").suffix.lower() not in audio_suffixes else file.with_suffix("").stem
    there = sorted(each for each in folder.iterdir() if each.stem == stem and each.suffix.lower() in audio_suffixes)
    if not there:
        read_turns(file, stem)
        raise FormatError(f"{file}: no audio file called {stem} is in {folder}; name the recording with --recording")
    read_turns(file, there[0].stem)
    return there[0]


def _write_labels(tables: Sequence[pd.DataFrame], output: Path, force: bool) -> tuple[Path, int]:
    import pandas as pd

    from diarization.files import write_whole
    from reports.exports.tables import csv_of

    if output.exists() and not force:
        raise TurntoneError(f"{output}: there already; choose another --output, or --force to replace it")
    table = pd.concat(tables, ignore_index=True)
    try:
        write_whole(output, csv_of(table))
    except OSError as error:
        raise TurntoneError(f"{output}: cannot be written ({error.strerror}); choose another --output") from None
    return output, len(table)


def _unknown(file: Path, recording: Path, session: Session) -> list[str]:
    """What a file of turns says that is not taken over, and what it does not say."""
    from diarization.formats.registry import read_turns

    turns = read_turns(file, recording.stem).turns
    notes = []
    if any(turn.labels for turn in turns):
        notes.append(f"The emotions in {file.name} are not taken over: each turn was scored from its sound.")
    if any(turn.text for turn in turns) and not session.turns["text"].notna().any():
        notes.append(
            f"The text in {file.name} is not kept: the settings say so (privacy.keep_text), or who speaks is masked."
        )
    return notes
