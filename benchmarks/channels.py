"""Measures the channels diarizer on calls with one party a channel whose turns and echoes are known.

    python -m benchmarks.channels [EMODB_FOLDER] [--calls 5]

Without a folder the shipped speech is used, with one the utterances of EmoDB's speakers 15 and 16, on whom nothing was
tuned. Error rates have no collar and count overlap.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from diarization.channel_layout import layout_of
from diarization.channels_diarizer import ChannelsDiarizer
from reports.diarization_errors import PARTS, error_seconds
from tests.calls import RATE, Samples, call, channels_of, spoken

CONDITIONS: dict[str, dict[str, Any]] = {
    "clean": {},
    "noise, about 20 dB": {"noise": -45.0},
    "telephone, mu-law": {"telephone": True, "noise": -55.0},
    "cross-talk at -20 dB": {"leak": -20.0},
    "echo, 120 ms, -20 dB": {"echo": (0.12, -20.0)},
    "echo, 250 ms, -15 dB": {"echo": (0.25, -15.0)},
    "echo, 180 ms, -18 dB, telephone": {"echo": (0.18, -18.0), "telephone": True, "noise": -55.0},
}


def main() -> None:
    """Print a row a condition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("emodb", nargs="?", type=Path)
    parser.add_argument("--calls", type=int, default=5)
    options = parser.parse_args()
    people = _people(options.emodb) if options.emodb else None
    diarizer = ChannelsDiarizer()
    for name, how in CONDITIONS.items():
        errors, speech, sound, taken, right = dict.fromkeys(PARTS, 0.0), 0.0, 0.0, 0.0, 0
        for seed in range(options.calls):
            samples, true = call(seed, num_turns=16, people=people, **how)
            channels = channels_of(samples)
            right += layout_of(channels).kind == "parties"
            begun = time.process_time()
            found = diarizer.diarize_channels(channels)
            taken += time.process_time() - begun
            sound += len(samples) / RATE
            speech += sum(true.talk_time(each) for each in true.speakers)
            parts = error_seconds(true, found, len(samples) / RATE)
            errors = {part: errors[part] + parts[part] for part in PARTS}
        shares = {part: round(errors[part] / speech, 4) for part in PARTS}
        print(
            f"{name}: DER {sum(shares.values()):.3f} {shares}, parties recognised {right} of {options.calls}, ", end=""
        )
        print(f"{taken / sound:.3f} s of processor a second", flush=True)


def _people(folder: Path) -> tuple[tuple[Samples, ...], tuple[Samples, ...]]:
    (table,) = folder.glob("*.csv")
    with table.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["truncated"] == "0"]
    return _said(folder, rows, "emodb_15"), _said(folder, rows, "emodb_16")


def _said(folder: Path, rows: list[dict[str, str]], speaker: str) -> tuple[Samples, ...]:
    sounds = [soundfile.read(folder / row["path"], dtype="float32")[0] for row in rows if row["speaker"] == speaker]
    return tuple(max(spoken(np.asarray(sound)), key=len) for sound in sounds)


if __name__ == "__main__":
    main()
