"""Short clips of real speech, cut from the sample that comes with pyannote.audio."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np


def sample_path() -> Path:
    """The 30 s of two-party telephone speech that come with pyannote.audio."""
    spec = find_spec("pyannote.audio")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "sample" / "sample.wav"


def real_clips(number: int, shortest: float, longest: float) -> list[np.ndarray]:
    """So many clips, lengths spread from shortest to longest (seconds), in mixed order, from all over the sample."""
    import soundfile

    sound, sampling_rate = soundfile.read(sample_path(), dtype="float32")
    assert sampling_rate == 16_000
    random = np.random.default_rng(0)
    lengths = random.permutation(np.linspace(shortest, longest, number) * sampling_rate).round().astype(int)
    starts = [random.integers(5 * sampling_rate, len(sound) - length) for length in lengths]
    return [sound[start : start + length] for start, length in zip(starts, lengths, strict=True)]
