"""How fast pyannote's pipeline runs here, beside pyannote's own class with the same weights and threads, in one run.

    python -m benchmarks.diarization                       # a minute of meetings, random weights of community-1's shape
    python -m benchmarks.diarization --minutes 5 --rounds 5 --memory
    python -m benchmarks.diarization --model FOLDER        # a pipeline folder of your own
    python -m benchmarks.diarization --growth 5 15 60 240  # the embedded diarizer's time and memory by minutes of sound
    python -m benchmarks.diarization --after 60 240        # by minutes, what comes after community-1's networks

Both sides take turns, a piece of the sound each, so that what else the machine does meets both alike; ratios are those
of the totals. Times by stage are taken between the pipeline's own reports. Outputs are compared piece by piece. Memory
is the peak of a process of its own for each side, and for each length. Random networks make all voices alike; for the
comparison the mean of the voices is taken off, so that there are clusters. What comes after the networks is measured
on made-up voices of four people who take turns, three voices a chunk of 10 s, a chunk a second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import own_peak
from diarization.recordings import SAMPLING_RATE, Waveform

STAGES = ("segmentation", "speaker_counting", "embeddings", "discrete_diarization")
"""What the pipeline reports, in order; clustering and reconstruction lie before the last."""


def speech(minutes: float) -> Waveform:
    """The meetings that ship with Turntone, again and again."""
    from diarization.audio import read
    from turntone.speech import speech_folder

    sound = np.concatenate([read(path).waveform for path in sorted(speech_folder().glob("meeting-*.flac"))])
    length = int(minutes * 60 * SAMPLING_RATE)
    return np.tile(sound, -(-length // len(sound)))[:length]


def sides_of(folder: Path) -> dict[str, Any]:
    """pyannote's own pipeline and ours, of the same folder."""
    from diarization.pyannote_diarizer import CPU_BATCH
    from diarization.pyannote_pipelines import build_pipeline, find_pipeline

    ours = build_pipeline(find_pipeline(str(folder)))
    ours.embedding_batch_size = min(ours.embedding_batch_size, CPU_BATCH)
    from pyannote.audio import Pipeline

    return {"pyannote": Pipeline.from_pretrained(folder), "ours": ours}


def run(pipeline: Any, waveform: Waveform, seconds: Counter[str]) -> tuple[Any, dict[str, Any]]:
    """One piece through one side; adds what each stage takes to ``seconds``."""
    import torch

    kept: dict[str, Any] = {}
    last = begun = time.perf_counter()

    def hook(step: str, artifact: Any, **_: Any) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[step] += now - last
        last = now
        if artifact is not None:
            kept[step] = artifact

    file = {"waveform": torch.from_numpy(waveform)[None], "sample_rate": SAMPLING_RATE, "uri": "meeting"}
    output = pipeline(file, hook=hook)
    seconds["whole"] += time.perf_counter() - begun
    return output, kept


def compare(folder: Path, waveform: Waveform, rounds: int, centred: bool) -> dict[str, Any]:
    """Run both sides over the pieces in turn, and compare times and results."""
    import torch

    sides = sides_of(folder)
    if centred:
        voices = run(sides["ours"], waveform[: 20 * SAMPLING_RATE], Counter())[1]["embeddings"]
        for pipeline in sides.values():
            with torch.no_grad():
                pipeline._embedding.model_.resnet.seg_1.bias -= torch.from_numpy(voices.mean(axis=(0, 1)))
    seconds: dict[str, Counter[str]] = {side: Counter() for side in sides}
    same, apart, clusters = True, 0.0, 0
    for number, piece in enumerate(np.array_split(waveform, rounds)):
        found = {
            side: run(pipeline, piece, seconds[side])
            for side, pipeline in list(sides.items())[:: 1 if number % 2 else -1]
        }
        (ours, mine), (theirs, other) = found["ours"], found["pyannote"]
        same &= ours.speaker_diarization == theirs.speaker_diarization
        same &= ours.exclusive_speaker_diarization == theirs.exclusive_speaker_diarization
        apart = max(apart, float(np.abs(mine["embeddings"] - other["embeddings"]).max()))
        clusters = max(clusters, len(theirs.speaker_diarization.labels()))
    ratio = {stage: seconds["pyannote"][stage] / max(seconds["ours"][stage], 1e-9) for stage in (*STAGES, "whole")}
    return {
        "sound": len(waveform) / SAMPLING_RATE,
        "threads": torch.get_num_threads(),
        "seconds": {side: dict(own) for side, own in seconds.items()},
        "ratio": ratio,
        "same_segments": bool(same),
        "most_labels": clusters,
        "max_embedding_difference": apart,
    }


def run_alone(side: str, folder: Path | None, minutes: float) -> dict[str, float]:
    """One side over all the sound in this process: seconds, and peak memory in MB."""
    from diarization.embedded_diarizer import make_pipeline

    waveform = speech(minutes)
    pipeline = sides_of(folder)[side] if folder else make_pipeline()
    run(pipeline, waveform[: 10 * SAMPLING_RATE], Counter())
    before, seconds = own_peak(), Counter[str]()
    run(pipeline, waveform, seconds)
    return {"minutes": minutes, **seconds, "peak_mb": own_peak(), "peak_mb_before": before}


def run_after(side: str, folder: Path, minutes: float) -> dict[str, float]:
    """One side on made-up voices, its networks left out: seconds, and peak memory in MB."""
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    pipeline = sides_of(folder)[side]
    strengths, voices = made_up(int(minutes * 60), 589)
    window = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    pipeline.get_segmentations = lambda *_, **__: SlidingWindowFeature(strengths, window)
    pipeline.get_embeddings = lambda *_, **__: voices
    before, seconds = own_peak(), Counter[str]()
    output, _ = run(pipeline, np.zeros(SAMPLING_RATE, np.float32), seconds)
    found = len(output.speaker_diarization.labels())
    return {"minutes": minutes, "found": found, **seconds, "peak_mb": own_peak(), "peak_mb_before": before}


def made_up(num_chunks: int, num_frames: int) -> tuple[Any, Any]:
    """Strengths (chunks, frames, 3) and embeddings (chunks, 3, 256) of four people; two of them speak in a chunk."""
    random = np.random.default_rng(0)
    people = random.normal(size=(4, 256))
    strengths = np.zeros((num_chunks, num_frames, 3), np.float32)
    strengths[:, : num_frames // 2, 0] = strengths[:, num_frames // 2 - 20 :, 1] = 1
    pairs = np.stack([random.permutation(4)[:2] for _ in range(num_chunks)])
    voices = random.normal(size=(num_chunks, 3, 256)).astype(np.float32)
    voices[:, :2] = people[pairs] + 0.4 * voices[:, :2]
    return strengths, voices


def in_a_process(side: str, folder: Path | None, minutes: float, *more: str) -> dict[str, Any]:
    """``run_alone``, or ``run_after`` with ``--without-networks``, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.diarization", "--side", side, "--minutes", str(minutes), *more]
    command += ["--model", str(folder)] if folder else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def pipeline_folder(arguments: argparse.Namespace, scratch: Path) -> Path:
    """The folder of the pipeline to run: the one named, or one with random weights made for this."""
    if arguments.model:
        return Path(arguments.model)
    from diarization.model_files import require_model
    from tests.checkpoints import make_community1

    return make_community1(scratch / "community-1", segmentation=require_model("embedded-segmentation"))


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a pipeline folder; random weights in community-1's shape where left out")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=2, help="pieces in which the two sides take turns")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", action="store_true", help="also measure peak memory, in a process for each side")
    parser.add_argument("--growth", type=float, nargs="+", metavar="MINUTES", help="the embedded diarizer by length")
    parser.add_argument("--after", type=float, nargs="+", metavar="MINUTES", help="what comes after the networks")
    parser.add_argument("--without-networks", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=["pyannote", "ours", "embedded"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    if arguments.side:
        folder = Path(arguments.model) if arguments.model else None
        alone = run_after if arguments.without_networks else run_alone
        print(json.dumps(alone(arguments.side, folder, arguments.minutes)))  # type: ignore[operator]
        return
    if arguments.growth:
        measured: Any = [in_a_process("embedded", None, minutes) for minutes in arguments.growth]
    else:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pipeline_folder(arguments, Path(scratch))
            if arguments.after:
                sides = [(side, minutes) for minutes in arguments.after for side in ("ours", "pyannote")]
                found = [{"side": s} | in_a_process(s, folder, m, "--without-networks") for s, m in sides]
                print(json.dumps(found, indent=2))
                return
            measured = compare(folder, speech(arguments.minutes), arguments.rounds, centred=not arguments.model)
            if arguments.memory:
                measured |= {side: in_a_process(side, folder, arguments.minutes) for side in ("pyannote", "ours")}
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
