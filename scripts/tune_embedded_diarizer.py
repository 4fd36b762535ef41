"""Measures the embedded diarizer, and what other numbers in its clustering would give.

    python scripts/tune_embedded_diarizer.py DATA_FOLDER [--set alike=0.5 apart=0.85 ...] [--cache FOLDER]

DATA_FOLDER holds conv_sim_dev, conv_sim_devtest, conv_real_ami (trn*, dev*, tst*) with an RTTM file beside each sound
file, and emodb with its metadata.csv; what is missing is left out. From EmoDB's training speakers, recordings of one
and of five speakers in all emotions are joined. Numbers are chosen on conv_sim_dev, the AMI trn excerpts and the joined
ones; the other sets are for reporting. What the two networks give is kept in the cache folder, so that a second run
takes seconds.

Error rates: pyannote.metrics, no collar, overlap counted.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from diarization.audio import read
from diarization.clustering import VoiceClustering
from diarization.clustering_rules import ClusteringRules
from diarization.diarizations import Diarization, diarization_of
from diarization.embedded_diarizer import make_pipeline
from diarization.formats.rttm import read_rttm
from diarization.pyannote_output import diarization_from
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.speaker_space import read_speaker_space

PARTS = ("missed detection", "false alarm", "confusion")


@dataclass(frozen=True)
class Case:
    """One recording with its truth, in a set that is reported together."""

    group: str
    name: str
    waveform: Waveform
    truth: Diarization


def cases(folder: Path) -> Iterator[Case]:
    """Every recording that is there."""
    import pyannote.audio

    yield from files("conv_sim_dev", folder / "conv_sim_dev", "*.flac")
    yield from files("AMI trn", folder / "conv_real_ami", "trn*.flac")
    if (folder / "emodb").is_dir():
        yield from (joined(folder / "emodb", 1, seed) for seed in range(6))
        yield from (joined(folder / "emodb", 5, seed) for seed in range(6))
    yield from files("conv_sim_devtest", folder / "conv_sim_devtest", "*.flac")
    yield from files("AMI dev + tst", folder / "conv_real_ami", "[dt][es][vt]*.flac")
    yield from files("sample.wav", Path(pyannote.audio.__file__).parent / "sample", "sample.wav")


def files(group: str, folder: Path, pattern: str) -> Iterator[Case]:
    """Sound files with an RTTM beside them."""
    for path in sorted(folder.glob(pattern)):
        yield Case(group, path.stem, read(path).waveform, read_rttm(path.with_suffix(".rttm")))


def joined(corpus: Path, num_speakers: int, seed: int) -> Case:
    """A minute, or two where many speak, of utterances of random training speakers and emotions with short pauses."""
    random = np.random.default_rng(seed)
    table = pd.read_csv(corpus / "metadata.csv").query("split == 'train'")
    speakers = random.permutation(table["speaker"].unique())[:num_speakers]
    length = 60 if num_speakers == 1 else 120
    pieces: list[Waveform] = [np.zeros(SAMPLING_RATE // 2, np.float32)]
    turns: list[tuple[float, float, str]] = []
    while (start := sum(map(len, pieces)) / SAMPLING_RATE) < length:
        others = [speaker for speaker in speakers if not turns or speaker != turns[-1][2]] or list(speakers)
        speaker = str(random.choice(others))
        row = table.query("speaker == @speaker").sample(1, random_state=int(random.integers(1 << 31))).iloc[0]
        sound = read(corpus / row["path"]).waveform
        pieces += [sound * (0.06 / sound.std()), np.zeros(int(random.uniform(0.15, 0.9) * SAMPLING_RATE), np.float32)]
        turns.append((start, start + len(sound) / SAMPLING_RATE, speaker))
    return Case(
        f"EmoDB, {num_speakers} speakers",
        f"joined-{num_speakers}-{seed}",
        np.concatenate(pieces),
        diarization_of(turns),
    )


def cached(pipeline: Any, folder: Path) -> Any:
    """The pipeline with what its networks give kept on disk, by the recording's name."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("get_segmentations", "get_embeddings"):
        setattr(pipeline, kind, remembered(folder, kind, getattr(pipeline, kind)))
    return pipeline


def remembered(folder: Path, kind: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    def call(file: Any, *arguments: Any, **options: Any) -> Any:
        path = folder / f"{file['uri']}-{kind}.pickle"
        if not path.exists():
            path.write_bytes(pickle.dumps(compute(file, *arguments, **options)))
        return pickle.loads(path.read_bytes())  # written by this script, just above

    return call


def measured(pipeline: Any, case: Case, num_speakers: int | None) -> dict[str, Any]:
    """Seconds of each kind of error, and how many speakers there are and were found."""
    import torch
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    duration = len(case.waveform) / SAMPLING_RATE
    file = {
        "waveform": torch.from_numpy(case.waveform)[None],
        "sample_rate": SAMPLING_RATE,
        "uri": f"{case.group}-{case.name}".replace(" ", ""),
    }
    found = diarization_from(pipeline(file, num_speakers=num_speakers), duration)
    everything = Timeline([Segment(0, duration)])
    seconds = DiarizationErrorRate()(case.truth.to_annotation(), found.to_annotation(), uem=everything, detailed=True)
    return seconds | {
        "group": case.group,
        "mode": "automatic" if num_speakers is None else "given",
        "speakers": len(case.truth.speakers),
        "found": len(found.speakers),
    }


def summary(rows: list[dict[str, Any]], by: list[str]) -> pd.DataFrame:
    """Error rate and its parts over all speech of a group, and the mean error in the number of speakers."""
    table = pd.DataFrame(rows)
    table["count error"] = (table["found"] - table["speakers"]).abs()
    groups = table.groupby(by, sort=False)
    parts = groups[list(PARTS)].sum().div(groups["total"].sum(), axis=0)
    parts.insert(0, "error rate", parts.sum(axis=1))
    return parts.assign(**{"count error": groups["count error"].mean(), "recordings": groups.size()}).round(3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=NUMBER", help="numbers of ClusteringRules")
    parser.add_argument("--cache", type=Path, default=Path(".tuning_cache"))
    arguments = parser.parse_args()
    numbers = {name: float(number) for name, number in (each.split("=") for each in arguments.set)}
    pipeline = cached(make_pipeline(), arguments.cache)
    pipeline.clustering = VoiceClustering(read_speaker_space(), replace(ClusteringRules(), **numbers))
    rows = [
        measured(pipeline, case, num_speakers)
        for case in cases(arguments.folder)
        for num_speakers in (len(case.truth.speakers), None)
    ]
    print(summary(rows, ["group", "mode"]).to_string())
    print(summary(rows, ["speakers", "mode"]).sort_index().to_string())


if __name__ == "__main__":
    main()
