"""Calls with one party a channel, made of the shipped speech: what is said when is known, and so is every echo."""

from __future__ import annotations

from functools import cache

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from diarization.channel_sound import ChannelSound, ChannelSpool
from diarization.diarizations import Diarization, diarization_of
from turntone.speech import demo_case

RATE = 16_000
_FRAME = 320

Samples = NDArray[np.float32]


@cache
def utterances(person: int) -> tuple[Samples, ...]:
    """What one of the two people of the counselling case says, utterance by utterance, without silence at the ends."""
    found = []
    for recording in demo_case().sessions:
        sound, _ = soundfile.read(recording.path, dtype="float32")
        label = recording.speakers[person].label
        others = [turn for turn in recording.turns if turn.speaker != label]
        for turn in recording.turns:
            alone = all(other.end <= turn.start or turn.end <= other.start for other in others)
            if turn.speaker == label and alone:
                found += spoken(sound[round(turn.start * RATE) : round(turn.end * RATE)])
    return tuple(found)


def call(
    seed: int = 0,
    *,
    num_turns: int = 10,
    noise: float = -65.0,
    leak: float | None = None,
    echo: tuple[float, float] | None = None,
    telephone: bool = False,
    people: tuple[tuple[Samples, ...], tuple[Samples, ...]] | None = None,
) -> tuple[Samples, Diarization]:
    """Two people in turn, sometimes at once, each on a channel: samples of shape (frames, 2) at 16 kHz, and the truth.

    Parameters
    ----------
    seed : int
        Another call for each.
    num_turns : int
        Of both together.
    noise : float
        dBFS of white noise in each channel.
    leak : float, optional
        dB at which each is heard in the other's channel at once.
    echo : (float, float), optional
        Seconds and dB at which each is heard there later.
    telephone : bool
        Whether the sound has passed an 8 kHz line with mu-law.
    people : pair of sequences of utterances, optional
        The shipped people where left out.
    """
    random = np.random.default_rng(seed)
    said = people or (utterances(0), utterances(1))
    placed, said_when, ends, now = [], [], [0.0, 0.0], 1.0
    for turn in range(num_turns):
        who = turn % 2
        for _ in range(random.integers(1, 3)):
            sound = said[who][random.integers(len(said[who]))]
            start = max(now, ends[who] + 0.15)
            ends[who] = start + len(sound) / RATE
            gain = 10 ** ((-24 + random.uniform(-3, 3)) / 20) / np.sqrt(np.mean(sound**2))
            placed.append((who, round(start * RATE), sound * np.float32(gain)))
            said_when.append((start, ends[who], "AB"[who]))
            now = ends[who] + random.uniform(0.15, 0.6)
        now = ends[who] + (random.uniform(-1.0, -0.3) if random.random() < 0.2 else random.uniform(0.2, 0.9))
    clean = np.zeros((round((max(ends) + 1) * RATE), 2), np.float32)
    for who, at, sound in placed:
        clean[at : at + len(sound), who] += sound[: len(clean) - at]
    return _line(_heard(clean, leak, echo, noise, random), telephone), diarization_of(said_when)


def channels_of(samples: Samples, rate: int = RATE) -> ChannelSound:
    """Samples of shape (frames, channels) as what ``read`` gives of them."""
    spool = ChannelSpool(samples.shape[1])
    spool.add(samples.astype(np.float32), rate)
    return spool.finished()


def music(duration: float, seed: int = 0) -> Samples:
    """Hold music: chords under an arpeggio, -24 dBFS, shape (frames,)."""
    random = np.random.default_rng(seed)
    times = np.arange(round(duration * RATE)) / RATE
    sound = np.zeros(len(times))
    roots = (220.0, 174.6, 261.6, 196.0)
    for bar in range(int(duration / 2) + 1):
        root = roots[(bar + seed) % 4]
        for ratio in (1, 1.25, 1.5):
            sound += _note(times - 2 * bar, root * ratio, 2.0, 0.3)
        for beat in range(8):
            sound += _note(times - 2 * bar - beat / 4, 2 * root * random.choice((1, 1.25, 1.5, 2)), 0.25, 0.25)
    return (10 ** (-24 / 20) * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


def spoken(sound: Samples) -> list[Samples]:
    """The utterances in a turn: cut at pauses, without what is 32 dB below the loudest frame at the ends."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    loud = np.flatnonzero(level > level.max() - 32)
    parts = np.split(loud, np.flatnonzero(np.diff(loud) > 5) + 1)
    return [sound[part[0] * _FRAME : (part[-1] + 1) * _FRAME] for part in parts if len(part) > 25]


def _note(times: NDArray[np.float64], pitch: float, length: float, level: float) -> NDArray[np.float64]:
    on = (times >= 0) & (times < length)
    tone = sum(np.sin(2 * np.pi * pitch * partial * times) / partial**1.5 for partial in range(1, 6))
    return np.asarray(np.where(on, level * np.exp(-1.5 * np.maximum(times, 0) / length) * tone, 0))


def _heard(
    clean: Samples, leak: float | None, echo: tuple[float, float] | None, noise: float, random: object
) -> Samples:
    heard = clean.copy()
    if leak is not None:
        heard += clean[:, ::-1] * np.float32(10 ** (leak / 20))
    if echo is not None:
        late = round(echo[0] * RATE)
        heard[late:] += clean[: len(clean) - late, ::-1] * np.float32(10 ** (echo[1] / 20))
    assert isinstance(random, np.random.Generator)
    return heard + (10 ** (noise / 20) * random.normal(size=heard.shape)).astype(np.float32)


def _line(samples: Samples, telephone: bool) -> Samples:
    if not telephone:
        return samples
    narrow = np.clip(soxr.resample(samples, RATE, 8000), -1, 1)
    steps = np.rint(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log1p(255) * 127) / 127
    line = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(255)) / 255
    wide = soxr.resample(line.astype(np.float32), 8000, RATE)[: len(samples)]
    return np.pad(wide, ((0, len(samples) - len(wide)), (0, 0)))
