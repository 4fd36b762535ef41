"""How fast emotion2vec runs here, against FunASR's own loop on the same turns, weights and threads, in one run.

    python -m benchmarks.emotion                          # 80 turns, random weights of plus_large's size
    python -m benchmarks.emotion --size large-16-8 --turns 20
    python -m benchmarks.emotion --model iic/emotion2vec_plus_large --device cuda
    python -m benchmarks.emotion --growth --size base     # time and memory from 10 to 2,000 turns
    python -m benchmarks.emotion --recording 2000 --size tiny   # one recording of that many turns, analysed whole

FunASR and every precision of ours that the device has (or those of ``--precisions``) take turns, a few clips each, so
that what else the machine does meets all alike; the ratio is that of the totals. ``processor_ratio`` is that of the
processor's time, which other programs do not take part in; with one thread (``--threads 1``, ``OMP_NUM_THREADS=1``) it
holds on a busy machine too. Peak memory is that of a process of its own for each side, ours in float32 (``--memory``).
The floor is the time that the network's matrix products would take at the rate measured for one large product on the
same device, in float32 and by the library that ours uses there; of a CPU it is processor time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from diarization.recordings import SAMPLING_RATE
from emotion.emotion2vec_checkpoint import Checkpoint
from emotion.precisions import PrecisionName, precisions_of

from .emotion_growth import SIZES, growth, recording
from .memory import own_peak

Run = Callable[[Sequence[Any]], list[tuple[Any, Any]]]
"""Scores some clips: scores and embedding of each."""


@dataclass(frozen=True)
class Comparison:
    """What a run measured. Times in seconds; differences are the largest over all clips."""

    model: str
    device: str
    precision: str
    threads: int
    turns: int
    sound: float
    funasr_seconds: float
    ours_seconds: float
    ratio: float
    funasr_processor_seconds: float
    ours_processor_seconds: float
    processor_ratio: float
    clips_per_second: float
    real_time_factor: float
    floor_seconds: float
    times_floor: float
    max_score_difference: float
    mean_score_difference: float
    max_relative_embedding_difference: float
    label_agreement: float


def compare(
    folder: Path, clips: Sequence[Any], device: str, threads: int, rounds: int, names: Sequence[PrecisionName]
) -> list[Comparison]:
    """Run FunASR and every precision of ours over all clips, in rounds, and compare times and results."""
    sides = {"funasr": funasr_side(folder, device, threads)}
    sides |= {name: our_side(folder, device, threads, name) for name in names}
    seconds, used = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 0.0)
    found: dict[str, list[tuple[Any, Any]]] = {side: [] for side in sides}
    for run in sides.values():
        run(clips[:1])
    for part in range(rounds):
        for side, run in list(sides.items())[:: 1 if part % 2 else -1]:
            start, begun = time.perf_counter(), time.process_time()
            found[side] += run(clips[part::rounds])
            seconds[side] += time.perf_counter() - start
            used[side] += time.process_time() - begun
    scores = {side: np.array([each[0] for each in results]) for side, results in found.items()}
    embeddings = {side: np.array([each[1] for each in results]) for side, results in found.items()}
    sound, floor = sum(map(len, clips)) / SAMPLING_RATE, floor_seconds(folder, clips, device, threads)
    norms = np.linalg.norm(embeddings["funasr"], axis=1)
    return [
        Comparison(
            model=folder.name,
            device=device,
            precision=name,
            threads=threads,
            turns=len(clips),
            sound=sound,
            funasr_seconds=seconds["funasr"],
            ours_seconds=seconds[name],
            ratio=seconds["funasr"] / seconds[name],
            funasr_processor_seconds=used["funasr"],
            ours_processor_seconds=used[name],
            processor_ratio=used["funasr"] / used[name],
            clips_per_second=len(clips) / seconds[name],
            real_time_factor=seconds[name] / sound,
            floor_seconds=floor,
            times_floor=(used[name] / threads if device == "cpu" else seconds[name]) / floor,
            max_score_difference=float(np.abs(scores[name] - scores["funasr"]).max()),
            mean_score_difference=float(np.abs(scores[name] - scores["funasr"]).mean()),
            max_relative_embedding_difference=float(
                (np.linalg.norm(embeddings[name] - embeddings["funasr"], axis=1) / norms).max()
            ),
            label_agreement=float((scores[name].argmax(axis=1) == scores["funasr"].argmax(axis=1)).mean()),
        )
        for name in names
    ]


def our_side(folder: Path, device: str, threads: int, precision: PrecisionName = "float32") -> Run:
    """Turntone's recogniser, loaded."""
    import torch

    from emotion.emotion2vec import Emotion2vecRecognizer

    recognizer = Emotion2vecRecognizer(str(folder), device, precision)

    def run(clips: Sequence[Any]) -> list[tuple[Any, Any]]:
        torch.set_num_threads(threads)
        return [(each.scores, each.embedding) for each in recognizer.recognize(clips)]

    return run


def funasr_side(folder: Path, device: str, threads: int) -> Run:
    """FunASR's ``AutoModel.generate``, loaded; it takes one clip at a time whatever it is given."""
    import torch

    from diarization.torchaudio_import import prepare_torchaudio

    prepare_torchaudio()
    from funasr import AutoModel

    model = AutoModel(
        model=str(folder), device=device, ncpu=threads, disable_update=True, disable_pbar=True, log_level="ERROR"
    )

    def run(clips: Sequence[Any]) -> list[tuple[Any, Any]]:
        torch.set_num_threads(threads)
        results = [model.generate(clip, granularity="utterance", extract_embedding=True)[0] for clip in clips]
        return [(np.array(each["scores"]), each["feats"]) for each in results]

    return run


def floor_seconds(folder: Path, clips: Sequence[Any], device: str, threads: int) -> float:
    """Seconds that the network's matrix products take at the device's measured rate; of a CPU, each core's own time."""
    import torch

    from emotion.emotion2vec_checkpoint import read_checkpoint
    from emotion.emotion2vec_products import product

    checkpoint = read_checkpoint(folder)
    rows, times_weight = torch.randn(2048, 1024, device=device), product(torch.randn(4096, 1024, device=device))
    clock, share = (time.process_time, 1 / threads) if device == "cpu" else (time.perf_counter, 1.0)
    times = []
    for _ in range(20):
        start = clock()
        times_weight(rows).sum().item()
        times.append(share * (clock() - start))
    rate = 2 * 2048 * 1024 * 4096 / min(times)
    return sum(operations(len(clip), checkpoint) for clip in clips) / rate


def operations(samples: int, checkpoint: Checkpoint) -> float:
    """Floating-point operations of the matrix products for one clip."""
    settings, audio = checkpoint.settings, checkpoint.settings.modalities.audio
    dimension, channels, total = settings.embed_dim, 1, 0.0
    for width, kernel, stride in checkpoint.layers:
        samples = (samples - kernel) // stride + 1
        total += 2 * samples * kernel * channels * width
        channels = width
    kernel = max(3, audio.conv_pos_width // max(1, audio.conv_pos_depth))
    total += 2 * samples * channels * dimension
    total += 2 * samples * kernel * dimension**2 / audio.conv_pos_groups * audio.conv_pos_depth
    tokens = samples + audio.num_extra_tokens
    block = 2 * tokens * 12 * dimension**2 + 4 * tokens**2 * dimension
    return total + block * (settings.depth + audio.prenet_depth)


def make_clips(number: int, shortest: float, longest: float) -> list[Any]:
    """Turns of real speech of mixed lengths (seconds)."""
    from tests.real_clips import real_clips

    return real_clips(number, shortest, longest)


def peak_memory(side: str, arguments: argparse.Namespace, folder: Path) -> float:
    """Peak resident memory in MB of a process that runs one side over all clips."""
    command = [sys.executable, "-m", "benchmarks.emotion", "--side", side, "--model", str(folder)]
    for name in ("turns", "shortest", "longest", "device", "threads"):
        command += [f"--{name}", str(getattr(arguments, name))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def run_side(side: str, arguments: argparse.Namespace, folder: Path) -> None:
    """Run one side over all clips and print its peak memory in MB."""
    run = (our_side if side == "ours" else funasr_side)(folder, arguments.device, arguments.threads)
    run(make_clips(arguments.turns, arguments.shortest, arguments.longest))
    print(own_peak())


def long_runs(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """How time and memory grow, and what a long recording takes, whichever is asked for."""
    lengths = arguments.shortest, arguments.longest, arguments.threads
    found: dict[str, Any] = {}
    if arguments.growth is not None:
        found["growth"] = growth(folder, arguments.growth or SIZES, *lengths)
    if arguments.recording:
        found["recording"] = recording(folder, arguments.recording, *lengths)
    return found


def checkpoint_folder(arguments: argparse.Namespace, scratch: Path) -> Path:
    """The folder of the model to run: the one named, or one with random weights made for this."""
    if arguments.model:
        from emotion.emotion2vec import Emotion2vecRecognizer

        return Emotion2vecRecognizer(arguments.model).checkpoint.folder
    from tests.emotion2vec_checkpoint import make_checkpoint

    return make_checkpoint(scratch / f"random-{arguments.size}", arguments.size, sharpness=5.0)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="an emotion2vec model's name or folder; random weights where left out")
    parser.add_argument(
        "--size", default="large", help="of the random model: large (8 + 4 blocks), large-16-8, base, tiny"
    )
    parser.add_argument("--turns", type=int, default=80)
    parser.add_argument("--shortest", type=float, default=1.0, help="seconds")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds")
    parser.add_argument("--rounds", type=int, default=8, help="parts in which the two sides take turns")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", choices=get_args(PrecisionName), help="all of the device by default")
    parser.add_argument("--memory", action="store_true", help="also measure peak memory, in a process for each side")
    parser.add_argument("--growth", nargs="*", type=int, metavar="TURNS", help="measure growth instead, in float32")
    parser.add_argument("--recording", type=int, metavar="TURNS", help="analyse one long recording instead")
    parser.add_argument("--side", choices=["funasr", "ours"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = checkpoint_folder(arguments, Path(scratch))
        if arguments.side:
            run_side(arguments.side, arguments, folder)
            return
        if arguments.growth is not None or arguments.recording:
            print(json.dumps(long_runs(arguments, folder), indent=2))
            return
        clips = make_clips(arguments.turns, arguments.shortest, arguments.longest)
        names = arguments.precisions or precisions_of(arguments.device)
        with redirect_stdout(sys.stderr):  # FunASR prints
            found = compare(folder, clips, arguments.device, arguments.threads, arguments.rounds, names)
        measured: dict[str, Any] = {"precisions": [asdict(each) for each in found]}
        if arguments.memory:
            measured |= {f"{side}_peak_mb": peak_memory(side, arguments, folder) for side in ("funasr", "ours")}
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
