"""How time and memory of emotion2vec grow with the number of turns, and what one long recording takes.

Run by ``python -m benchmarks.emotion --growth`` and ``--recording TURNS``; each size runs in a process of its own, so
that its peak memory is its own. A process reads its turns from one 10-minute stretch of noise over and over, so that
what grows is what the engine keeps, not what the benchmark makes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diarization.recordings import SAMPLING_RATE

from .memory import own_peak

SIZES = (10, 50, 200, 1_000, 2_000)
"""Numbers of turns that are measured."""

_PAUSE = 0.3  # seconds between turns of the recording


@dataclass(frozen=True)
class Growth:
    """What one process took. Times in seconds, memory in MB; time is that of the processor, loading left out."""

    turns: int
    sound: float
    loaded_mb: float
    peak_mb: float
    seconds: float
    seconds_per_clip: float
    real_time_factor: float


def growth(folder: Path, sizes: Sequence[int], shortest: float, longest: float, threads: int) -> list[dict[str, Any]]:
    """Measure every size in a process of its own."""
    return [_in_own_process("clips", folder, size, shortest, longest, threads) for size in sizes]


def recording(folder: Path, turns: int, shortest: float, longest: float, threads: int) -> dict[str, Any]:
    """Analyse one recording with so many turns by ``turntone.analyze``, in a process of its own."""
    return _in_own_process("recording", folder, turns, shortest, longest, threads)


def _in_own_process(
    what: str, folder: Path, turns: int, shortest: float, longest: float, threads: int
) -> dict[str, Any]:
    numbers = map(str, (turns, shortest, longest, threads))
    command = [sys.executable, "-m", "benchmarks.emotion_growth", what, str(folder), *numbers]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def clips(folder: Path, turns: int, shortest: float, longest: float, threads: int) -> Growth:
    """Run the recogniser over so many clips as an analysis does, 64 at once, in this process."""
    import torch

    from emotion.emotion2vec import Emotion2vecRecognizer
    from pipeline.codecs import recognition_arrays
    from pipeline.stages.recognize import AT_ONCE

    torch.set_num_threads(threads)
    recognizer = Emotion2vecRecognizer(str(folder), "cpu", "float32")
    noise, stretches = _noise(600.0), _stretches(turns, shortest, longest)
    recognizer.recognize([noise[:SAMPLING_RATE]])
    loaded, found, begun = own_peak(), [], time.process_time()
    for first in range(0, turns, AT_ONCE):
        found += recognizer.recognize([_cut(noise, *each) for each in stretches[first : first + AT_ONCE]])
    seconds = time.process_time() - begun
    recognition_arrays(found)
    sound = sum(duration for _, duration in stretches)
    return Growth(turns, sound, loaded, own_peak(), seconds, seconds / turns, seconds / sound)


def whole(folder: Path, turns: int, shortest: float, longest: float, threads: int) -> dict[str, Any]:
    """Analyse a recording made of so many turns; its turns come from a file, so that no diarizer is measured."""
    import torch

    import turntone

    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as scratch:
        audio, duration = _write_recording(Path(scratch), _stretches(turns, shortest, longest))
        settings = ["emotion.backend=emotion2vec", f"emotion.model={folder}", "emotion.precision=float32"]
        begun, used = time.perf_counter(), time.process_time()
        session = turntone.analyze(
            audio, turns=audio.with_suffix(".rttm"), settings=settings, device="cpu", workspace=Path(scratch) / "space"
        )
        return {
            "model": folder.name,
            "duration": duration,
            "turns": len(session.turns),
            "scored": int(session.turns["scored"].sum()),
            "frames": len(session.arrays.frame_times),
            "seconds": time.perf_counter() - begun,
            "processor_seconds": time.process_time() - used,
            "sound_mb": 4 * duration * SAMPLING_RATE / 2**20,
            "peak_mb": own_peak(),
        }


def _noise(seconds: float) -> Any:
    random = np.random.default_rng(0)
    return 0.1 * random.standard_normal(round(seconds * SAMPLING_RATE), dtype=np.float32)


def _stretches(turns: int, shortest: float, longest: float) -> list[tuple[float, float]]:
    """Start within the noise and duration of each turn; every length alike, in mixed order."""
    random = np.random.default_rng(turns)
    durations = random.permutation(np.linspace(shortest, longest, turns))
    return [(float(random.uniform(0, 600 - duration)), float(duration)) for duration in durations]


def _cut(noise: Any, start: float, duration: float) -> Any:
    return noise[round(start * SAMPLING_RATE) : round((start + duration) * SAMPLING_RATE)]


def _write_recording(folder: Path, stretches: Sequence[tuple[float, float]]) -> tuple[Path, float]:
    """Write the turns one after the other, of two speakers by turns, with an RTTM file; gives it and its duration."""
    import soundfile

    noise, pause, at = _noise(600.0), np.zeros(round(_PAUSE * SAMPLING_RATE), np.float32), 0.0
    lines = []
    with soundfile.SoundFile(folder / "long.wav", "w", SAMPLING_RATE, 1) as file:
        for index, stretch in enumerate(stretches):
            sound = _cut(noise, *stretch)
            lines.append(
                f"SPEAKER long 1 {at:.4f} {len(sound) / SAMPLING_RATE:.4f} <NA> <NA> {'AB'[index % 2]} <NA> <NA>"
            )
            file.write(sound)
            file.write(pause)
            at += (len(sound) + len(pause)) / SAMPLING_RATE
    (folder / "long.rttm").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "long.wav", at


def main() -> None:
    """Measure what the arguments say, in this process, and print it as JSON."""
    what, folder, turns, shortest, longest, threads = sys.argv[1:]
    numbers = int(turns), float(shortest), float(longest), int(threads)
    found = asdict(clips(Path(folder), *numbers)) if what == "clips" else whole(Path(folder), *numbers)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
