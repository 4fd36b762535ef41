"""Who speaks, chunk by chunk as sound comes in: the pieces that analysis while people still talk is built from.

    listener = Listener(make_pipeline(), KnownSpeakers(read_speaker_space().project))
    for samples in microphone:
        for chunk in listener.push(samples):
            print(chunk.start, chunk.speakers)

Each chunk is segmented and embedded as it is in a whole recording. Speakers are known by their running mean voices;
what is decided once stays, so that labels never change afterwards. A whole recording, of which everything is known, is
better clustered by ``Diarizer.diarize``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chunk_voices import embed_chunks, encoder_of, least_frames_of
from .recordings import SAMPLING_RATE, Waveform
from .speaker_space import unit

Vectors = NDArray[np.floating[Any]]

ALIKE = 0.3  # cosine from which a voice may be a known speaker's
CLEAR = 1.0  # seconds that a voice must be heard alone in a chunk to be a new speaker, or to change a known one


@dataclass(frozen=True, eq=False)
class HeardChunk:
    """What one chunk holds.

    Parameters
    ----------
    start, end : float
        Seconds since the beginning.
    strengths : np.ndarray, shape (frames, num_voices)
        How strongly each local voice speaks in each frame, 0 to 1.
    speaks : np.ndarray of bool, shape (frames, num_voices)
        Whether it speaks.
    embeddings : np.ndarray, shape (num_voices, dimension)
        Meaningless (NaN, or the network's constant) where a voice does not speak.
    speakers : tuple of int or None
        The speaker of each local voice, counted from 0 in order of appearance; None where it does not speak, or too
        little to tell.
    """

    start: float
    end: float
    strengths: NDArray[np.float32]
    speaks: NDArray[np.bool_]
    embeddings: NDArray[np.float32]
    speakers: tuple[int | None, ...]


class KnownSpeakers:
    """Speakers by their mean voices; each voice that is heard goes to one of them, or becomes a new one.

    Parameters
    ----------
    project : callable, optional
        Takes embeddings of shape (num_voices, dimension) to the space they are compared in; unit vectors as they are
        where left out.
    voices : np.ndarray, shape (num_speakers, dimension), optional
        Embeddings of speakers who are known from the start.
    alike : float
        Cosine with a speaker's mean voice, below which a voice is not that speaker's.
    most : int, optional
        Speakers there are at most; then every voice goes to the nearest.
    """

    def __init__(
        self,
        project: Callable[[Vectors], Vectors] = unit,
        voices: Vectors | None = None,
        alike: float = ALIKE,
        most: int | None = None,
    ) -> None:
        self._project, self._alike, self._most = project, alike, most
        known = [] if voices is None else list(project(voices))
        self._sums: list[Vectors] = [CLEAR * each for each in known]

    def __len__(self) -> int:
        return len(self._sums)

    def assign(self, embeddings: Vectors, seconds: Vectors) -> list[int | None]:
        """The speaker of each voice of one chunk, and remember how they sound; no two voices are one speaker's.

        Parameters
        ----------
        embeddings : np.ndarray, shape (num_voices, dimension)
        seconds : np.ndarray, shape (num_voices,)
            That each is heard alone; one with none, or with NaN as embedding, has no speaker.
        """
        found: list[int | None] = [None] * len(embeddings)
        heard = [voice for voice in np.flatnonzero(seconds > 0).tolist() if np.isfinite(embeddings[voice]).all()]
        vectors = self._project(embeddings[heard]) if heard else embeddings[:0]
        for row, speaker in self._matches(vectors):
            found[heard[row]] = speaker
        for row, voice in enumerate(heard):
            if found[voice] is None and seconds[voice] >= CLEAR and not self._full:
                self._sums.append(np.zeros_like(vectors[row]))
                found[voice] = len(self._sums) - 1
            if (own := found[voice]) is not None and seconds[voice] >= CLEAR:
                self._sums[own] = self._sums[own] + float(seconds[voice]) * vectors[row]
        return found

    @property
    def _full(self) -> bool:
        return self._most is not None and len(self) >= self._most

    def _matches(self, vectors: Vectors) -> list[tuple[int, int]]:
        """Pairs of voice and speaker that are most alike together, without those that are not alike."""
        from scipy.optimize import linear_sum_assignment

        if not len(vectors) or not self._sums:
            return []
        cosines = vectors @ unit(np.stack(self._sums)).T
        pairs = zip(*linear_sum_assignment(cosines, maximize=True), strict=True)
        return [(int(row), int(column)) for row, column in pairs if self._full or cosines[row, column] >= self._alike]


class Listener:
    """Segments, embeds and names the voices of sound that comes in pieces of any length.

    Parameters
    ----------
    pipeline : EfficientDiarization
        Its networks and how it cuts chunks.
    speakers : KnownSpeakers, optional
        Nobody is known at first where left out.

    Raises
    ------
    ValueError
        Where the pipeline's embedding network is one that cannot be run here (``chunk_voices.encoder_of``).
    """

    def __init__(self, pipeline: Any, speakers: KnownSpeakers | None = None) -> None:
        encoder = encoder_of(pipeline._embedding)
        if encoder is None:
            raise ValueError("the pipeline's embedding network is not one that can be run chunk by chunk")
        self._pipeline, self._encoder = pipeline, encoder
        self.speakers = speakers or KnownSpeakers()
        inference = pipeline._segmentation
        self.size = round(inference.duration * SAMPLING_RATE)
        self.step = round(inference.step * SAMPLING_RATE)
        self._pending = np.zeros(0, np.float32)
        self._first = 0  # sample that the next chunk begins with
        self._whole = False  # whether the sound so far ended with a chunk

    def push(self, samples: Waveform) -> list[HeardChunk]:
        """Take what was recorded next, and give the chunks that are now whole, in order; often there are none."""
        self._pending = np.concatenate([self._pending, samples.astype(np.float32)])
        self._whole &= not len(samples)
        chunks = []
        while len(self._pending) >= self.size:
            chunks.append(self._heard(self._pending[: self.size]))
            self._whole = len(self._pending) == self.size
            self._pending = self._pending[self.step :]
            self._first += self.step
        return chunks

    def finish(self) -> list[HeardChunk]:
        """The last chunk, filled up with silence, where the sound so far did not end with a whole one."""
        if self._whole or not len(self._pending):
            return []
        padded = np.pad(self._pending, (0, self.size - len(self._pending)))
        self._pending, self._whole = self._pending[:0], True
        return [self._heard(padded)]

    def _heard(self, chunk: Waveform) -> HeardChunk:
        import torch

        inference = self._pipeline._segmentation
        waveform = torch.from_numpy(np.ascontiguousarray(chunk))[None]
        strengths = inference.infer(waveform[None])[0]
        onset = 0.5 if inference.model.specifications.powerset else self._pipeline.segmentation.threshold
        speaks = strengths > onset
        exclude = self._pipeline.embedding_exclude_overlap
        least = least_frames_of(self._pipeline._embedding, inference.duration, len(speaks)) if exclude else -1
        embeddings = embed_chunks(self._encoder, lambda _: waveform, speaks[None].astype(np.float32), least, 1)[0]
        alone = (speaks & (speaks.sum(axis=1, keepdims=True) == 1)).sum(axis=0) * (inference.duration / len(speaks))
        start = self._first / SAMPLING_RATE
        named = tuple(self.speakers.assign(embeddings, alone))
        return HeardChunk(start, start + inference.duration, strengths, speaks, embeddings, named)
