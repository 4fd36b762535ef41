"""Finds a recogniser's calibration from labelled speech."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diarization.errors import FormatError
from emotion.calibration import Calibration, calibrate

from .engines import Engines
from .labelled import RecognizedClips, Watch, recognize_clips
from .labels import LabelledClip, known_label, read_labels
from .workspace import Workspace

_FEW_SPEAKERS = 5


def find_calibration(
    source: Path, name: str | None, engines: Engines, workspace: Workspace, watch: Watch | None = None
) -> Calibration:
    """The calibration of a recogniser on labelled speech; nothing is stored.

    Parameters
    ----------
    source : Path
        A folder or CSV file, see ``read_labels``.
    name : str or None
        What to call it; the recogniser's name where left out.
    engines : Engines
        Its recogniser and head are calibrated.
    workspace : Workspace
        Where sessions that the labels name are looked up.
    watch : callable, optional
        Told of each step and the share that is done.

    Returns
    -------
    Calibration
        ``facts`` has all figures, and ``notes`` to read with them.

    Raises
    ------
    FormatError
        Where the labels cannot be read, too few of them can be used, or all are of one emotion.
    """
    scheme = engines.readout.scheme
    clips = read_labels(source)
    usable = [clip for clip in clips if _label(clip, scheme.labels) is not None]
    if not usable:
        raise FormatError(
            f"{source}: none of its emotions ({', '.join(sorted({each.label for each in clips}))}) is one of the "
            f"recogniser's ({', '.join(scheme.labels)})"
        )
    found = recognize_clips(usable, engines, workspace, watch)
    truth = np.array([scheme.labels.index(str(_label(clip, scheme.labels))) for clip in found.clips], np.int64)
    try:
        calibrated = calibrate(found.scores, truth, [clip.speaker for clip in found.clips])
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from None
    notes = [*_notes(clips, usable, found, scheme.labels)]
    if calibrated.at_limit:
        notes.append("The temperature is at the end of the range that is tried: these clips are too easy or too few.")
    facts = calibrated.to_json() | _counts(source, found, scheme.labels) | {"notes": notes}
    uses = tuple((str(use), str(revision)) for use, revision in engines.identity["recognizer"]["uses"])
    made = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return Calibration(
        name or engines.config.emotion.head or engines.recognizer.name,
        round(calibrated.temperature, 6),
        uses,
        scheme.labels,
        made,
        facts,
    )


def _label(clip: LabelledClip, labels: Sequence[str]) -> str | None:
    """The scheme's label for a clip's; None where it has none."""
    return (
        clip.label if clip.label in labels else next((each for each in labels if each == known_label(clip.label)), None)
    )


def _counts(source: Path, found: RecognizedClips, labels: Sequence[str]) -> dict[str, Any]:
    by_label = Counter(str(_label(clip, labels)) for clip in found.clips)
    speakers = {clip.speaker for clip in found.clips if clip.speaker}
    return {
        "source": source.name,
        "num_clips": len(found.clips),
        "num_speakers": len(speakers) or None,
        "clips_by_label": {label: by_label[label] for label in labels if by_label[label]},
        "labels_without_clips": [label for label in labels if not by_label[label]],
        "num_left_out": len(found.left_out),
    }


def _notes(
    clips: Sequence[LabelledClip], usable: Sequence[LabelledClip], found: RecognizedClips, labels: Sequence[str]
) -> list[str]:
    notes = []
    if strange := Counter(clip.label for clip in clips if _label(clip, labels) is None):
        named = ", ".join(f"{label} ({count})" for label, count in strange.items())
        notes.append(f"Left out, as the recogniser has no such label: {named}.")
    if found.left_out:
        notes.append(f"{len(found.left_out)} clips were not scored; the first: {found.left_out[0]}.")
    seen = {_label(clip, labels) for clip in found.clips}
    if unseen := [label for label in labels if label not in seen]:
        notes.append(
            f"No clip is {' or '.join(unseen)}: how sure the recogniser may be of those is not known. A clip that it "
            "takes for one of them counts as wrong."
        )
    speakers = {clip.speaker for clip in found.clips}
    if None not in speakers and len(speakers) < _FEW_SPEAKERS:
        notes.append(f"Only {len(speakers)} speakers: other people's voices may need another temperature.")
    return notes
