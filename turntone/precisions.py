"""What ``turntone models check`` does beyond checksums: emotion2vec in every precision over the shipped speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .terminal import print_table, progress_bar, say

LONGEST = 3.0
"""Seconds; a longer turn of the shipped speech gives several stretches, since the share that agrees needs many."""

_SHORTEST = 0.5


def run_precisions(folder: Path, name: str, device: str) -> dict[str, Any]:
    """Run a model in every precision, enable the fastest that agrees with float32; gives what was found as JSON values.

    Raises
    ------
    ConfigError
        Where the device is not here.
    ModelError
        Where the model cannot be loaded or fails its self-test.
    """
    from dataclasses import asdict

    from emotion.emotion2vec_checkpoint import read_checkpoint
    from emotion.precision_checks import check_precisions, enable
    from pipeline.engines import resolve_device

    where = resolve_device(device)
    with progress_bar(f"Running {name}") as progress:
        checks = check_precisions(read_checkpoint(folder), where, shipped_stretches(), progress)
    rows = [asdict(each) | {"agrees": each.agrees} for each in checks]
    return {"device": where, "precision": enable(folder, where, checks), "precisions": rows}


def show_precisions(name: str, found: dict[str, Any]) -> None:
    """Print what ``run_precisions`` found."""
    columns = ("precision", "speed", "real_time_factor", "cosine", "label_agreement", "mean_change", "agrees")
    print_table(columns, [[_shown(row[column]) for column in columns] for row in found["precisions"]])
    say(f"{name} computes in {found['precision']} on this machine ({found['device']}) from now on")


def shipped_stretches() -> list[Any]:
    """The turns of the shipped speech as waveforms at 16 kHz, each at most ``LONGEST`` long."""
    from diarization.audio import read
    from diarization.recordings import SAMPLING_RATE

    from .speech import demo_recordings

    found = []
    for recording in demo_recordings():
        waveform = read(recording.path).waveform
        for turn in recording.turns:
            start, stop = (round(at * SAMPLING_RATE) for at in (turn.start, turn.end))
            step = round(LONGEST * SAMPLING_RATE)
            found += [waveform[at : min(at + step, stop)] for at in range(start, stop, step)]
    return [each for each in found if len(each) >= _SHORTEST * SAMPLING_RATE]


def entry_kind(name: str) -> str:
    """What a model is for, in the catalog's word."""
    from diarization.model_files import entry_of

    return entry_of(name).kind


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else value
