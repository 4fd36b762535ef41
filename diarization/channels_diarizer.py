"""The diarizer of recordings with one party a channel: whoever is heard in a channel is that channel's party."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channel_echo import Echo, find_echoes, own_speech
from .channel_levels import FRAME_STEP, ChannelLevels
from .channel_sound import ChannelSound
from .channel_speech import STEP, speech_probability
from .diarizations import Diarization, SpeakerSegment
from .diarizers import DiarizationConfig, ModelUse, Progress
from .errors import AudioError
from .model_files import CATALOG, require_model, revision_of
from .recordings import Waveform
from .segments import Segment

SEGMENTATION = "embedded-segmentation"

ONSET, OFFSET = 0.5, 0.35  # probability from which a segment begins, and below which it ends
RANGE_DB = 36.0  # below a channel's loudest speech, what is weaker is no speech any more
MAX_HOLE = 0.2  # seconds of silence inside a segment that are filled
SHORTEST = 0.12  # seconds; shorter segments are clicks


class ChannelsDiarizer:
    """Voice activity in each channel, less what is only echo or cross-talk of another channel.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda`` or ``mps``; the network is small and runs on the processor.
    """

    name = "channels"

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    @property
    def uses(self) -> list[ModelUse]:
        """The segmentation network, with the settings that were chosen for it."""
        entry = CATALOG[SEGMENTATION]
        details = {"use": "channels", "step": STEP, "onset": ONSET, "offset": OFFSET, "range_db": RANGE_DB}
        return [ModelUse(SEGMENTATION, revision_of(SEGMENTATION), entry.licence, entry.credit, details)]

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Nothing: a mono waveform has no channels to tell parties by.

        Raises
        ------
        AudioError
            Always; ``diarize_channels`` is what to call.
        """
        raise AudioError(
            "the recording has one channel, and diarization.backend=channels needs one channel for each party; "
            "analyse it with --set diarization.backend=auto"
        )

    def diarize_channels(self, sound: ChannelSound, progress: Progress | None = None) -> Diarization:
        """Who speaks when, overlap exact; ``channel_of`` says which channel each speaker has.

        A channel in which nobody is heard has no speaker. Labels are ``SPEAKER_00``, ... in order of first speech.

        Raises
        ------
        ModelError
            Where the segmentation network is not on disk.
        """
        return self.examine(sound, progress).diarization

    def examine(self, sound: ChannelSound, progress: Progress | None = None) -> ChannelActivity:
        """The same with the echoes that were found."""
        levels = ChannelLevels(sound)
        if not len(levels.decibels):  # shorter than a frame
            return ChannelActivity(Diarization(()), ())
        probability = self._probabilities(sound, levels, progress)
        speech = (probability >= OFFSET) & (levels.decibels > _floor(levels))
        echoes = find_echoes(levels, speech)
        own = own_speech(levels, speech, echoes)
        return ChannelActivity(_diarization(np.where(own, probability, 0)), tuple(echoes))

    def _probabilities(
        self, sound: ChannelSound, levels: ChannelLevels, progress: Progress | None
    ) -> NDArray[np.float32]:
        """Shape (frames, channels); channels without any sound are not looked at."""
        frames, silent = len(levels.decibels), levels.silent
        found = np.zeros((frames, sound.count), np.float32)
        heard = [each for each in range(sound.count) if each not in silent]
        for index, channel in enumerate(heard):

            def report(share: float, before: int = index) -> None:
                if progress:
                    progress("channels", (before + share) / len(heard))

            found[:, channel] = speech_probability(sound.waveform(channel), self._network, report)[:frames]
        return found

    @cached_property
    def _network(self) -> Any:
        from .pyannote_import import prepare_pyannote
        from .segmentation import load_segmentation

        folder = require_model(SEGMENTATION)
        prepare_pyannote()
        return load_segmentation(folder)


@dataclass(frozen=True)
class ChannelActivity:
    """What the channels diarizer found, and the echoes it left out."""

    diarization: Diarization
    echoes: tuple[Echo, ...]


def _floor(levels: ChannelLevels) -> NDArray[np.float32]:
    """The level that speech has at least, for each channel, shape (channels,)."""
    if not len(levels.decibels):
        return np.zeros(levels.decibels.shape[1], np.float32)
    return np.asarray(np.percentile(levels.decibels, 98, axis=0) - RANGE_DB, np.float32)


def _diarization(probability: NDArray[np.float32]) -> Diarization:
    found = [
        (segment, channel) for channel in range(probability.shape[1]) for segment in _segments(probability[:, channel])
    ]
    found.sort(key=lambda each: (each[0], each[1]))
    order = list(dict.fromkeys(channel for _, channel in found))
    labels = {channel: f"SPEAKER_{index:02d}" for index, channel in enumerate(order)}
    segments = sorted(SpeakerSegment(segment, labels[channel]) for segment, channel in found)
    return Diarization(tuple(segments), channel_of={labels[channel]: channel for channel in order})


def _segments(probability: NDArray[np.float32]) -> list[Segment]:
    """The stretches that reach the onset, as far as they stay above the offset; short holes are filled."""
    above = np.concatenate([[False], probability >= OFFSET, [False]])
    edges = np.flatnonzero(np.diff(above.astype(np.int8))).reshape(-1, 2)
    runs: list[list[int]] = []
    for start, end in edges.tolist():
        if runs and (start - runs[-1][1]) * FRAME_STEP <= MAX_HOLE + 1e-9:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [
        Segment(start * FRAME_STEP, end * FRAME_STEP)
        for start, end in runs
        if (end - start) * FRAME_STEP >= SHORTEST and probability[start:end].max() >= ONSET
    ]
