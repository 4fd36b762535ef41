"""The demonstration: the shipped speech, analysed as a user's own would be, and who is who said as a user would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from diarization.segments import Segment, intersection, total_duration

from .api import analyze, open_workspace
from .speech import DemoRecording, demo_call, demo_case, demo_meetings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.analysis import Progress
    from pipeline.sessions import Session


def fetch_missing_models(progress: Progress | None = None) -> list[str]:
    """Bring the embedded models where they are not here yet; the names of those that were fetched."""
    from diarization.model_files import CATALOG, fetch_model, find_model

    missing = [name for name, entry in CATALOG.items() if entry.default and find_model(name) is None]
    for name in missing:
        fetch_model(name, progress=progress)
    return missing


def analyze_demo(workspace: Path, progress: Progress | None = None) -> Iterator[Session]:
    """Every shipped recording as a session: the four of the case, the call, the meetings, in that order.

    The counselling case is told its two speakers, as a counsellor would; the rest are counted automatically.
    """
    case = demo_case()
    for recording in case.sessions:
        yield _analyze(recording, workspace, progress, case=case.name, num_speakers=2)
    for other in (demo_call(), *demo_meetings()):
        yield _analyze(other, workspace, progress)


def who_is_who(session: Session, recording: DemoRecording) -> dict[str, tuple[str, str | None]]:
    """The names and roles of a session's speakers, from the shipped truth.

    Each found speaker is paired with at most one true one, so that the pairs share as much time as they can; a person
    who listens to the recording would do the same by ear.
    """
    from scipy.optimize import linear_sum_assignment

    named = [speaker for speaker in recording.speakers if speaker.name]
    labels = list(session.speakers["label"])
    shared = [[_shared(session, label, recording, speaker.label) for speaker in named] for label in labels]
    if not named or not labels:
        return {}
    rows, columns = linear_sum_assignment(shared, maximize=True)
    pairs = [(row, named[column]) for row, column in zip(rows, columns, strict=True) if shared[row][column] > 0]
    return {labels[row]: (str(speaker.name), speaker.role) for row, speaker in pairs}


def _analyze(recording: DemoRecording, workspace: Path, progress: Progress | None, **options: Any) -> Session:
    session = analyze(
        recording.path, date=recording.date, workspace=workspace, progress=progress, consent="yes", **options
    )
    unknown = session.speakers["participant"].isna()
    names = who_is_who(session, recording) if unknown.all() else {}
    if not names:
        return session
    store = open_workspace(workspace)
    store.assign(session.id, names)
    return store.session(session.id)


def _shared(session: Session, label: str, recording: DemoRecording, speaker: str) -> float:
    """Seconds that a found speaker and a true one have in common."""
    rows = session.segments[session.segments["speaker"] == label]
    found = [Segment(start, end) for start, end in zip(rows["start"], rows["end"], strict=True)]
    true = [Segment(turn.start, turn.end) for turn in recording.turns if turn.speaker == speaker]
    return total_duration(intersection(found, true))
