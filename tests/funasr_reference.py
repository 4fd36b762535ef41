"""FunASR's own loop over clips, run as a program: importing all of FunASR takes long and changes the process.

    python -P tests/funasr_reference.py CHECKPOINT CLIPS.npz RESULTS.npz

Writes ``labels``, ``scores`` (clips, labels) and ``embeddings`` (clips, dimension), clips in the order of their names.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def funasr_results(checkpoint: Path, clips: Sequence[Any], folder: Path) -> dict[str, Any]:
    """What ``AutoModel.generate`` gives for each clip alone; ``folder`` takes the files passed to and fro."""
    np.savez(folder / "clips.npz", **{f"{index:04d}": clip for index, clip in enumerate(clips)})
    files = [str(checkpoint), str(folder / "clips.npz"), str(folder / "results.npz")]
    command = [sys.executable, "-P", __file__, *files]  # -P: tests/diarization is not the package
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(np.load(folder / "results.npz"))


def main(checkpoint: str, clips: str, results: str) -> None:
    from diarization.torchaudio_import import prepare_torchaudio

    prepare_torchaudio()
    from funasr import AutoModel

    model = AutoModel(model=checkpoint, device="cpu", ncpu=2, disable_update=True, disable_pbar=True, log_level="ERROR")
    found = []
    for _, clip in sorted(np.load(clips).items()):
        found += model.generate(clip, granularity="utterance", extract_embedding=True)
    np.savez(
        results,
        labels=found[0]["labels"],
        scores=[each["scores"] for each in found],
        embeddings=[each["feats"] for each in found],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
