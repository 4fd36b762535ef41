"""Which precision a machine may use for a model: measured against float32 on the same speech, and remembered.

What was found is kept in ``precisions.json`` beside the models, by the checksum of the model's files, the device and
the version of PyTorch; where any of them changes, float32 is used until the check has run again.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from diarization.errors import ModelError
from diarization.model_files import models_home, revision_of_folder
from diarization.recordings import SAMPLING_RATE, Waveform

from .precisions import REFERENCE, PrecisionName, precisions_of

if TYPE_CHECKING:
    from .emotion2vec_checkpoint import Checkpoint

LEAST_LABEL_AGREEMENT = 0.995
"""Share of stretches whose likeliest label has to be that of float32."""

MOST_CHANGE = 0.005
"""How far a probability may be from that of float32, on average over stretches and labels."""

_AS_FAST = 1.03  # times the fastest's seconds: one run differs as much from the next
_ALONE = 1e-5  # how far a logit may be from that of the stretch alone, in float32
_STORE = "precisions.json"


@dataclass(frozen=True)
class PrecisionCheck:
    """How a precision compares with float32 on the same stretches of speech.

    Parameters
    ----------
    precision : str
        What was computed in.
    seconds : float
        That it took for all stretches.
    speed : float
        Seconds of float32 over its own.
    real_time_factor : float
        Seconds of computing a second of sound.
    cosine : float
        The least cosine between an embedding and that of float32.
    label_agreement : float
        Share of stretches with the same likeliest label, 0 to 1.
    mean_change : float
        Mean absolute change of a probability.
    """

    precision: PrecisionName
    seconds: float
    speed: float
    real_time_factor: float
    cosine: float
    label_agreement: float
    mean_change: float

    @property
    def agrees(self) -> bool:
        """Whether it says what float32 says, within the bounds."""
        return self.label_agreement >= LEAST_LABEL_AGREEMENT and self.mean_change <= MOST_CHANGE


@dataclass(frozen=True)
class _Scored:
    seconds: float
    scores: NDArray[np.float32]
    embeddings: NDArray[np.float32]


def check_precisions(
    checkpoint: Checkpoint,
    device: str,
    clips: Sequence[Waveform],
    progress: Callable[[str, float], None] | None = None,
    names: Sequence[PrecisionName] | None = None,
) -> list[PrecisionCheck]:
    """Run a model over the clips in every precision that the device has, float32 first, one loaded at a time.

    Parameters
    ----------
    clips : sequence of np.ndarray, shape (samples,)
        16 kHz; at least one.
    names : sequence of str, optional
        Which precisions, float32 first; those that the device has instructions for where left out.

    Raises
    ------
    ModelError
        Where the model cannot be loaded, or in float32 gives a clip among others another result than alone.
    """
    sound = sum(map(len, clips)) / SAMPLING_RATE
    checks: list[PrecisionCheck] = []
    reference: _Scored | None = None
    for name in names or precisions_of(device):
        found = _scored(checkpoint, device, name, clips, progress)
        reference = reference or found
        checks.append(_compared(name, found, reference, sound))
    return checks


def fastest(checks: Sequence[PrecisionCheck]) -> PrecisionName:
    """The fastest of those that agree with float32; float32 where none is faster.

    Of those that take as long but for 3 % the one that changes probabilities least.
    """
    agreeing = [each for each in checks if each.agrees or each.precision == REFERENCE]
    most = _AS_FAST * min(map(_seconds, agreeing))
    return min((each for each in agreeing if each.seconds <= most), key=lambda each: each.mean_change).precision


def enable(folder: Path, device: str, checks: Sequence[PrecisionCheck]) -> PrecisionName:
    """Remember the fastest that agrees for this model on this machine; gives it."""
    chosen = fastest(checks)
    home = models_home()
    home.mkdir(parents=True, exist_ok=True)
    known = _stored() | {_key(folder, device): {"enabled": chosen, "checks": [asdict(each) for each in checks]}}
    draft = home / f".{_STORE}.{os.getpid()}"
    draft.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    draft.replace(home / _STORE)
    return chosen


def enabled(folder: Path, device: str) -> PrecisionName:
    """The precision that ``enable`` remembered for this model on this machine, else float32."""
    known = _stored()
    entry = known.get(_key(folder, device)) if known else None
    found = entry.get("enabled") if isinstance(entry, dict) else None
    return cast(PrecisionName, found) if found in get_args(PrecisionName) else REFERENCE


def _key(folder: Path, device: str) -> str:
    return " | ".join([revision_of_folder(folder), device, _device_name(device), f"torch {version('torch')}"])


def _device_name(device: str) -> str:
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name())
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        facts = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
        return " ".join(facts[name].strip() for name in ("model name", "cpu family", "model") if name in facts)
    except OSError:
        return platform.processor() or platform.machine()


def _stored() -> dict[str, Any]:
    """What is remembered; nothing where there is no file or a damaged one."""
    try:
        known = json.loads((models_home() / _STORE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _scored(
    checkpoint: Checkpoint,
    device: str,
    name: PrecisionName,
    clips: Sequence[Waveform],
    progress: Callable[[str, float], None] | None,
) -> _Scored:
    from .emotion2vec import softmax
    from .emotion2vec_engine import Emotion2vecEngine

    engine = Emotion2vecEngine(checkpoint, device, precision=name)
    engine.warm_up()
    start = time.perf_counter()
    outputs = engine.run(clips, (lambda share: progress(name, share)) if progress else None)
    seconds = time.perf_counter() - start
    (alone,) = engine.run(clips[:1])
    apart = float(np.abs(alone.logits - outputs[0].logits).max())
    if not apart <= _ALONE and name == REFERENCE:  # nan is not <= either
        raise ModelError(
            f"{checkpoint.folder}: the self-test failed: a stretch scored among others differs by {apart:.2g} from the"
            " same one alone; please report this with the output of `turntone doctor`"
        )
    scores = softmax(np.array([each.logits[list(checkpoint.used)] for each in outputs]))
    return _Scored(seconds, scores, np.array([each.embedding for each in outputs]))


def _compared(name: PrecisionName, found: _Scored, reference: _Scored, sound: float) -> PrecisionCheck:
    lengths = np.linalg.norm(found.embeddings, axis=1) * np.linalg.norm(reference.embeddings, axis=1)
    cosines = (found.embeddings * reference.embeddings).sum(axis=1) / lengths
    same = found.scores.argmax(axis=1) == reference.scores.argmax(axis=1)
    return PrecisionCheck(
        precision=name,
        seconds=found.seconds,
        speed=reference.seconds / found.seconds,
        real_time_factor=found.seconds / sound,
        cosine=float(cosines.min()),
        label_agreement=float(same.mean()),
        mean_change=float(np.abs(found.scores - reference.scores).mean()),
    )


def _seconds(check: PrecisionCheck) -> float:
    return check.seconds
