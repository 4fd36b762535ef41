"""Learns the space in which the embedded diarizer compares voices, from EmoDB (CC0).

    python scripts/train_speaker_space.py EMODB_FOLDER

EMODB_FOLDER holds metadata.csv (path, speaker, split) and the utterances as 16 kHz mono files. Only the speakers of the
train split are used. Writes diarization/weights/speaker_space.safetensors. Needs the embedded-speaker model
(`turntone models fetch`) and about three minutes.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from diarization.pyannote_import import prepare_pyannote


def embeddings_of(paths: list[Path]) -> Any:
    """GE2E embeddings of whole files, shape (num_files, 256)."""
    prepare_pyannote()
    import soundfile
    import torch

    from diarization.embedded_diarizer import SPEAKER
    from diarization.model_files import require_model
    from diarization.speaker_encoder import load_speaker_encoder

    encoder = load_speaker_encoder(require_model(SPEAKER))
    rows = []
    with torch.inference_mode():
        for path in paths:
            waveform, _ = soundfile.read(path, dtype="float32")
            rows.append(encoder(torch.from_numpy(waveform)[None, None])[0].numpy())
    return np.stack(rows)


def equal_error_rate(vectors: Any, speakers: Any) -> float:
    """Where as many pairs of one speaker are refused as pairs of two are accepted."""
    upper = np.triu_indices(len(vectors), 1)
    scores = (vectors @ vectors.T)[upper]
    same = (speakers[:, None] == speakers[None])[upper][np.argsort(-scores)]
    refused = 1 - np.cumsum(same) / same.sum()
    accepted = np.cumsum(~same) / (~same).sum()
    at = int(np.argmin(np.abs(refused - accepted)))
    return float(refused[at] + accepted[at]) / 2


def left_out(vectors: Any, speakers: Any) -> tuple[float, float]:
    """Mean equal error rate over all pairs of speakers, before and after, each pair left out of the learning."""
    from diarization.speaker_space import learn_speaker_space, unit

    before, after = [], []
    for pair in combinations(np.unique(speakers), 2):
        held = np.isin(speakers, pair)
        space = learn_speaker_space(vectors[~held], speakers[~held])
        before.append(equal_error_rate(unit(vectors[held]), speakers[held]))
        after.append(equal_error_rate(space.project(vectors[held]), speakers[held]))
    return float(np.mean(before)), float(np.mean(after))


def main(folder: Path) -> None:
    from diarization.speaker_space import WEIGHTS, learn_speaker_space, write_speaker_space

    table = pd.read_csv(folder / "metadata.csv")
    vectors = embeddings_of([folder / path for path in table["path"]])
    speakers = table["speaker"].to_numpy(str)
    before, after = left_out(vectors, speakers)
    print(f"equal error rate over pairs of left-out speakers: {before:.3f} as they come, {after:.3f} in the space")
    train = (table["split"] == "train").to_numpy()
    write_speaker_space(learn_speaker_space(vectors[train], speakers[train]))
    print(f"wrote {WEIGHTS} from {train.sum()} utterances of {len(set(speakers[train]))} speakers")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
