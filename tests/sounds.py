"""Sounds and audio files for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter

Samples = NDArray[np.float32]


def voice(duration: float, rate: int = 16_000, seed: int = 0) -> Samples:
    """Something like a voice, shape (samples,): syllables of 0.3 s with gliding pitch, each ending in a hiss.

    Made at 16 kHz, where it reaches up to 8 kHz, then resampled. Between the syllables, some two fifths of the time,
    is digital silence; the RMS over all is 0.1 (-20 dB of full scale).
    """
    random = np.random.default_rng(seed)
    times = np.arange(round(duration * 16_000)) / 16_000
    pulses = np.diff(np.floor(np.cumsum(120 * (1 + 0.2 * np.sin(2.5 * times + seed)) / 16_000)), prepend=0)
    for formant, width in ((600, 80), (1300, 100), (2500, 150)):
        radius = np.exp(-np.pi * width / 16_000)
        pulses = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * formant / 16_000), radius**2], pulses)
    hiss = np.diff(random.normal(size=len(times)), prepend=0)
    vowel = np.clip(1.5 * np.sin(4 * np.pi * times) + 0.3, 0, 1)
    sound = vowel * (pulses - pulses.mean()) / pulses.std() + 0.1 * np.roll(vowel, 800) * hiss
    sound = (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)
    return sound if rate == 16_000 else soxr.resample(sound, 16_000, rate)


def encode(path: Path, samples: Samples, rate: int, codec: str, options: dict[str, str] | None = None) -> Path:
    """Write samples, (frames,) or (frames, channels), with PyAV; the container follows from the name."""
    import av

    columns = samples.reshape(len(samples), -1)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[columns.shape[1]]
    frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(columns.reshape(1, -1)), format="flt", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.layout = layout
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, layout, rate, context.frame_size or None)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return path


def write(path: Path, samples: Samples, rate: int, **options: Any) -> Path:
    """Write samples, (frames,) or (frames, channels), with libsndfile; the format follows from the name."""
    soundfile.write(str(path), samples, rate, **options)
    return path


def likeness(heard: Samples, original: Samples, most_shift: int = 1600) -> float:
    """Correlation at the best alignment within ``most_shift`` samples."""
    size = 2 * max(len(heard), len(original))
    products = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(original, size)), size)
    best = max(products[: most_shift + 1].max(), products[-most_shift:].max())
    return float(best / np.sqrt(np.sum(heard.astype(float) ** 2) * np.sum(original.astype(float) ** 2)))
