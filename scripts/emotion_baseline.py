"""What the embedded recogniser is held against: usual statistics of a voice and a support vector machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from emotion_corpus import Matrix

from diarization.recordings import SAMPLING_RATE, Waveform

NUM_STATISTICS = 120

_HOP, _WINDOW = 160, 400
_PITCHES = (62.5, 500.0)  # Hz


def statistics_of(waveform: Waveform) -> Matrix:
    """Mean, deviation, 10 % and 90 % quantile of 30 contours: 13 MFCC, pitch, level and zero crossings, with deltas.

    The deltas are those of the MFCC and of the pitch, ``shape (120,)``.
    """
    import librosa

    sound = np.asarray(waveform, np.float32)
    spectral = librosa.feature.mfcc(y=sound, sr=SAMPLING_RATE, n_mfcc=13, n_fft=512, hop_length=_HOP)
    hertz = librosa.yin(sound, fmin=_PITCHES[0], fmax=_PITCHES[1], sr=SAMPLING_RATE, frame_length=1024, hop_length=_HOP)
    pitch = 12 * np.log2(hertz / 55)[None]
    level = 20 * np.log10(librosa.feature.rms(y=sound, frame_length=_WINDOW, hop_length=_HOP) + 1e-6)
    crossings = librosa.feature.zero_crossing_rate(sound, frame_length=_WINDOW, hop_length=_HOP)
    deltas = [librosa.feature.delta(each, width=5) for each in (spectral, pitch)]
    contours = np.concatenate([spectral, deltas[0], pitch, deltas[1], level, crossings])
    low, high = np.quantile(contours, [0.1, 0.9], axis=1)
    return np.concatenate([contours.mean(axis=1), contours.std(axis=1), low, high]).astype(np.float32)


def normalised_by_speaker(statistics: Matrix, speakers: Sequence[str]) -> Matrix:
    """Each speaker's statistics less their mean, over their deviation."""
    normalised = np.empty_like(statistics)
    for speaker in set(speakers):
        own = np.asarray(speakers) == speaker
        normalised[own] = (statistics[own] - statistics[own].mean(axis=0)) / (statistics[own].std(axis=0) + 1e-6)
    return normalised
