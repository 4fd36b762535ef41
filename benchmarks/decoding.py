"""Reading with decoding in a process apart against decoding in the same process, in one run.

Run with ``python -m benchmarks.decoding [--hour]``; ``--hour`` adds WAV files of an hour.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import tempfile
import time
from pathlib import Path

from diarization import audio
from diarization.decoding import decode
from diarization.decoding_apart import decode_apart

SPEECH = Path(__file__).parent.parent / "turntone" / "speech"
ROUNDS = 5


def main() -> None:
    """Print a line a file: seconds here, seconds apart, their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true", help="WAV files of an hour as well")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(SPEECH.glob("*.flac")) + (_hours(Path(folder)) if wanted.hour else [])
        seconds(SPEECH / "meeting-1.flac", apart=False)  # libraries loaded
        begun = time.perf_counter()
        seconds(SPEECH / "meeting-1.flac", apart=True)
        print(f"first file of a process, which starts the one apart: {time.perf_counter() - begun:.2f} s")
        for path in paths:
            rounds = 2 if path.suffix == ".wav" else ROUNDS
            pairs = [(seconds(path, False), seconds(path, True)) for _ in range(rounds)]
            here, apart = (statistics.median(each) for each in zip(*pairs, strict=True))
            print(f"{path.name:24} here {here:7.3f} s  apart {apart:7.3f} s  ratio {apart / here:.2f}", flush=True)


def seconds(path: Path, apart: bool) -> float:
    """Seconds that reading a file takes."""
    audio.decode_apart = decode_apart if apart else decode  # type: ignore[assignment]
    begun = time.perf_counter()
    audio.read(path)
    return time.perf_counter() - begun


def _hours(folder: Path) -> list[Path]:
    return [
        _hour(folder / "hour-16k-mono.wav", 16_000, 1),
        _hour(folder / "hour-8k-stereo.wav", 8_000, 2),
        _hour(folder / "hour-44k-stereo.wav", 44_100, 2),
    ]


def _hour(path: Path, rate: int, channels: int) -> Path:
    """An hour of noise: a second of it, again and again."""
    import numpy as np

    second = np.random.default_rng(0).integers(-3000, 3000, rate * channels, np.int16).tobytes()
    size = 3600 * len(second)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, channels, rate, 2 * channels * rate, 2 * channels, 16))
        file.write(b"data" + struct.pack("<I", size))
        for _ in range(3600):
            file.write(second)
    return path


if __name__ == "__main__":
    main()
