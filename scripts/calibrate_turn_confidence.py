"""Fits how sure a turn's speaker is to how often it is right, and measures that on other recordings.

    python scripts/calibrate_turn_confidence.py DATA_FOLDER [--cache FOLDER]

DATA_FOLDER is that of ``scripts/tune_embedded_diarizer.py``, whose cache it shares. The weights are fitted on the
segments that the embedded diarizer finds in conv_sim_dev, the AMI trn excerpts and the joined EmoDB recordings, with
the count found and given; the turns of the other sets are for reporting. A segment or a turn is right where its
speaker, paired with a true one so that the pairs share the most time, truly speaks in half of it or more.

AUC: how often a right turn is surer than a wrong one. Reliability: turns by how sure they are, and how many are right.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tune_embedded_diarizer import Case, cached, cases

from diarization.diarizations import Diarization
from diarization.embedded_diarizer import make_pipeline
from diarization.evidence import ConfidenceRules
from diarization.pyannote_output import diarization_from
from diarization.recordings import SAMPLING_RATE
from diarization.segments import Segment, intersection, total_duration
from diarization.turns import turns_of

FITTED = ("conv_sim_dev", "AMI trn", "EmoDB, 1 speakers", "EmoDB, 5 speakers")
FEATURES = ["posterior", "margin", "log seconds"]


def found_in(pipeline: Any, case: Case, mode: str, confidence: Any = None) -> Diarization:
    """What the diarizer finds, with its confidences or others."""
    import torch

    name = f"{case.group}-{case.name}".replace(" ", "")
    file = {"waveform": torch.from_numpy(case.waveform)[None], "sample_rate": SAMPLING_RATE, "uri": name}
    output = pipeline(file, num_speakers=len(case.truth.speakers) if mode == "given" else None)
    return diarization_from(output, len(case.waveform) / SAMPLING_RATE, confidence or pipeline.confidence)


def rightness(truth: Diarization, found: Diarization, stretches: Iterable[tuple[list[Segment], str]]) -> list[bool]:
    """Whether the speaker of each of these truly speaks in half of it."""
    from pyannote.metrics.diarization import DiarizationErrorRate

    names = DiarizationErrorRate().optimal_mapping(truth.to_annotation(), found.to_annotation())
    return [
        total_duration(intersection(pieces, truth.of(str(names.get(who, ""))))) >= 0.5 * total_duration(pieces)
        for pieces, who in stretches
    ]


def segment_rows(pipeline: Any, case: Case, mode: str) -> pd.DataFrame:
    """What speaks for each segment, and whether it is right."""
    rows = []

    def note(label: str, start: float, end: float) -> float:
        rows.append((*pipeline.evidence.of(pipeline.cluster_of(label), start, end), np.log(end - start), end - start))
        return 0.5

    found = found_in(pipeline, case, mode, note)  # asks for each segment in order
    right = rightness(case.truth, found, [([each.segment], each.speaker) for each in found.segments])
    return pd.DataFrame(rows, columns=[*FEATURES, "seconds"]).assign(right=right)


def turn_rows(pipeline: Any, case: Case, mode: str) -> pd.DataFrame:
    """How sure each turn is, and whether it is right."""
    found = found_in(pipeline, case, mode)
    turns = turns_of(found)
    right = rightness(case.truth, found, [(list(turn.pieces), turn.speaker) for turn in turns])
    sure = [turn.speaker_confidence for turn in turns]
    return pd.DataFrame({"sure": sure, "right": right, "group": case.group, "mode": mode})


def fitted(table: pd.DataFrame) -> ConfidenceRules:
    """The rules that fit, each second of speech counted alike; a negative weight becomes 0."""
    from sklearn.linear_model import LogisticRegression

    kept = list(FEATURES)
    while True:
        model = LogisticRegression(C=1.0).fit(table[kept], table["right"], sample_weight=np.sqrt(table["seconds"]))
        weights = dict(zip(kept, model.coef_[0], strict=True))
        if min(weights.values()) >= 0:
            break
        kept.remove(min(weights, key=lambda name: weights[name]))
    numbers = [float(model.intercept_[0]), *(float(weights.get(name, 0.0)) for name in FEATURES)]
    return ConfidenceRules(*(round(number, 2) for number in numbers), lone=round(float(table["margin"].median()), 2))


def auc(sure: pd.Series[float], right: pd.Series[bool]) -> float:
    """How often a right one is surer than a wrong one; nan where all are the same."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, sure)) if right.nunique() > 1 else float("nan")


def summary(turns: pd.DataFrame) -> pd.DataFrame:
    """For each set and mode: turns, the share that is right, mean confidence, AUC, expected calibration error."""
    groups = turns.groupby(["group", "mode"], sort=False)
    return groups.apply(_figures, include_groups=False).round(3)


def _figures(own: pd.DataFrame) -> pd.Series[float]:
    bins = np.minimum((own["sure"] * 5).astype(int), 4)
    gaps = own.groupby(bins).apply(lambda part: len(part) * abs(part["sure"].mean() - part["right"].mean()))
    return pd.Series(
        {
            "turns": len(own),
            "right": own["right"].mean(),
            "sure": own["sure"].mean(),
            "AUC": auc(own["sure"], own["right"]),
            "calibration error": gaps.sum() / len(own),
        }
    )


def reliability(turns: pd.DataFrame) -> pd.DataFrame:
    """Turns by how sure they are: how many, how sure on average, how many of them right."""
    bins = pd.cut(turns["sure"], [0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
    return turns.groupby(bins, observed=True).agg(
        turns=("right", "size"), sure=("sure", "mean"), right=("right", "mean")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".tuning_cache"))
    arguments = parser.parse_args()
    pipeline = cached(make_pipeline(), arguments.cache)
    everything = [(case, mode) for case in cases(arguments.folder) for mode in ("given", "automatic")]
    known = [pair for pair in everything if pair[0].group in FITTED]
    print(fitted(pd.concat([segment_rows(pipeline, *pair) for pair in known])))
    turns = pd.concat([turn_rows(pipeline, *pair) for pair in everything])
    print("\nWith the rules that are in use:", ConfidenceRules())
    print(summary(turns).to_string())
    print(reliability(turns[~turns["group"].isin(FITTED)]).round(3).to_string())


if __name__ == "__main__":
    main()
