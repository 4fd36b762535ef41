"""The Python API: what the command line calls, for programs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diarization.errors import AudioError, TurntoneError

from .analysis_options import check_one_recording, load_settings, parse_day

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.analysis import Progress
    from pipeline.config import Config
    from pipeline.sessions import Session
    from pipeline.workspace import Workspace
    from reports.group_comparison import GroupComparison


def analyze(path: str | Path, **options: Any) -> Session:
    """Analyse one recording and keep it in the workspace, as ``turntone analyze`` does.

    Parameters
    ----------
    path : str or Path
        An audio or video file.
    **options
        As for ``analyze_many``.

    Returns
    -------
    Session
        ``session.turns`` is a DataFrame with one row a turn.

    Raises
    ------
    TurntoneError
        Where the recording cannot be analysed; the message says why and what to do. The workspace is as it was.
    """
    if Path(path).is_dir():
        raise AudioError(f"{path}: a folder, not a recording; analyze_many takes folders")
    (outcome,) = analyze_many([path], **options)
    if isinstance(outcome, TurntoneError):
        raise outcome
    return outcome


def analyze_many(
    paths: Sequence[str | Path],
    *,
    case: str | None = None,
    date: str | datetime.date | None = None,
    num_speakers: int | None = None,
    min_speakers: int | None = None,
    max_speakers: int | None = None,
    config: Config | str | Path | None = None,
    settings: Sequence[str] = (),
    turns: str | Path | None = None,
    device: str = "auto",
    workspace: str | Path | Workspace | None = None,
    progress: Progress | None = None,
    channels: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    consent: str | None = None,
) -> Iterator[Session | TurntoneError]:
    """Analyse recordings one after the other; one that fails does not keep the others.

    Parameters
    ----------
    paths : sequence of str or Path
        Audio or video files, or folders of them.
    case : str, optional
        Name of the case that the sessions belong to.
    date : str or datetime.date, optional
        Day of the conversation, as ``2026-03-02``; for one recording only.
    num_speakers, min_speakers, max_speakers : int, optional
        What is known of the number of speakers, at least 1.
    config : Config, str or Path, optional
        Settings: a YAML file or a preset's name where not a Config.
    settings : sequence of str
        Single settings on top, each as ``turns.max_pause=0.8``.
    turns : str or Path, optional
        Where the turns are taken from instead of a diarizer: a file (RTTM, TextGrid, ELAN, ...), or a folder with one
        called like each recording. One file for several recordings must speak of all of them.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    workspace : str, Path or Workspace, optional
        Where the sessions are kept; the default workspace where left out.
    progress : callable, optional
        Called with the stage of the recording at work (``pipeline.analysis.STAGES``) and the share of it that is done.
    channels : mapping, optional
        Who speaks on which channel: ``{"left": "agent", "right": "Anna:customer"}``.
    roles : mapping, optional
        A role, or ``PARTICIPANT:ROLE``, by speaker label; for one recording only.
    consent : str, optional
        What those who speak consent to: ``yes`` (analysis and voiceprint), ``analysis`` or ``no``.

    Yields
    ------
    Session or TurntoneError
        For each recording its session, or the error that says why there is none. Recordings with the same bytes are
        one; paths that cannot be read come first.

    Raises
    ------
    TurntoneError
        Where a setting or the date is wrong, before anything is analysed.
    """
    from pipeline.consent import parse_consent

    speakers = (num_speakers, min_speakers, max_speakers)
    loaded, runtime = load_settings(config, settings, device, speakers, turns, channels)
    recordings, unreadable = _recordings(paths)
    day = parse_day(date)
    about = {"consent": consent.strip().lower()} if consent and parse_consent(consent) else None
    check_one_recording(recordings, day, roles, turns)
    return _analyzed(
        recordings, unreadable, open_workspace(workspace), loaded, runtime, case, day, progress, roles, about
    )


def export(
    sessions: Session | Sequence[Session],
    to: str,
    path: str | Path | None = None,
    *,
    force: bool = False,
    labels: bool = False,
    workspace: str | Path | Workspace | None = None,
    title: str | None = None,
) -> list[Path]:
    """Write sessions in a format that other tools open, as ``turntone export`` does.

    Parameters
    ----------
    sessions : Session or sequence of Session
        At least one.
    to : str
        The format: ``rttm``, ``csv``, ``textgrid``, ... (``reports.exports.formats.export_names()``).
    path : str or Path, optional
        The file or folder; a name made from the session's id in the working directory where left out.
    force : bool
        Replace what an earlier export wrote.
    labels : bool
        Call speakers by their labels although participants are known.
    workspace : str, Path or Workspace, optional
        Whose copy of the sound is taken, for formats with sound; the recording's own file where left out.
    title : str, optional
        Of the case, for the default name.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    TurntoneError
        Where the format is unknown, something is there already, or it cannot be written; nothing is half-written.
    """
    from pipeline.exported import note_exports
    from pipeline.sessions import Session as Analysed
    from reports.exports.writing import export_sessions, file_stem, workspace_sound

    given = [sessions] if isinstance(sessions, Analysed) else list(sessions)
    sound_of = None if workspace is None else workspace_sound(open_workspace(workspace))
    stem = None if title is None else f"turntone-case-{file_stem(title)}"
    output = None if path is None else Path(path)
    written = export_sessions(given, to, output, force=force, labels=labels, sound_of=sound_of, stem=stem)
    if workspace is not None:
        open_workspace(workspace).note_each("exported", given, to)
        note_exports(open_workspace(workspace), [each.id for each in given], written)
    return written


def measures(sessions: Session | Sequence[Session], names: Sequence[str] | None = None) -> pd.DataFrame:
    """What the measures say of a session or of a case's sessions, as ``turntone measures`` prints it.

    Parameters
    ----------
    sessions : Session or sequence of Session
        Several are taken as one case, ordered by date.
    names : sequence of str, optional
        Only these measures (docs/measures.md); all where left out.

    Returns
    -------
    pd.DataFrame
        A row a value: ``measure, session, speaker, other, part, key, value, low, high, chance, p,
        p_corrected, effect, n, at, turn, note``.

    Raises
    ------
    TurntoneError
        Where there is no measure of a name.

    Examples
    --------
    >>> turntone.measures(session, ["talk_share"])  # doctest: +SKIP
    """
    from pipeline.sessions import Session as OneSession
    from reports.measures import measure_case, measure_session

    return measure_session(sessions, names) if isinstance(sessions, OneSession) else measure_case(sessions, names)


def compare(
    groups: str | Path,
    by: str,
    measures: Sequence[str] | None = None,
    *,
    case: str | None = None,
    role: str | None = None,
    reference: str | None = None,
    correction: str = "benjamini-hochberg",
    workspace: str | Path | Workspace | None = None,
) -> GroupComparison:
    """Compare groups of speakers or sessions by a table of covariates, as ``turntone compare`` does.

    Parameters
    ----------
    groups : str or Path
        CSV file with a column ``session``, ``participant`` or both, ``case`` where needed, and the covariates
        (docs/comparisons.md).
    by : str
        The covariate whose values are the groups.
    measures : sequence of str, optional
        Of speakers or sessions (docs/measures.md); talk share, mean turn, valence, arousal and emotion shares where
        left out.
    case, role : str, optional
        Only sessions of this case; only speakers of this role.
    reference : str, optional
        What the other groups are compared with; the first by name where left out.
    correction : str
        ``benjamini-hochberg``, ``holm`` or ``none``.
    workspace : str, Path or Workspace, optional
        The default workspace where left out.

    Returns
    -------
    GroupComparison
        ``reports.group_tables.group_table(found)`` is a DataFrame with a row a contrast.

    Raises
    ------
    TurntoneError
        Where the table cannot be used, or there are not two groups.
    """
    from reports.group_comparison import group_comparison

    store = open_workspace(workspace)
    found = store.case(case) if case is not None else [store.session(each.id) for each in store.sessions()]
    store.note_each("opened", found, "compare")
    return group_comparison(found, groups, by, measures, role, reference, correction)


def open_workspace(workspace: str | Path | Workspace | None = None) -> Workspace:
    """The workspace in that folder; one that does not exist yet is an empty one."""
    from pipeline.workspace import Workspace as Opened

    return workspace if isinstance(workspace, Opened) else Opened(workspace)


def _analyzed(
    recordings: Sequence[Path], unreadable: Sequence[TurntoneError], *arguments: Any
) -> Iterator[Session | TurntoneError]:
    from pipeline.analysis import analyze_many as analyze_each

    yield from unreadable
    yield from analyze_each(recordings, *arguments)


def _recordings(paths: Sequence[str | Path]) -> tuple[list[Path], list[TurntoneError]]:
    """The files meant, each once, and what is wrong with folders that hold none."""
    from diarization.audio import find_recordings

    if isinstance(paths, str | Path):
        paths = [paths]
    found: dict[Path, None] = {}
    errors: list[TurntoneError] = []
    for path in paths:
        try:
            found |= dict.fromkeys(find_recordings([Path(path)]))
        except TurntoneError as error:
            errors.append(error)
    return list(found), errors
