"""pyannote's speaker diarization pipeline with less work and less memory, and the same output."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chunk_voices import embed_chunks, encoder_of, least_frames_of
from .evidence import Evidence, evidence_of
from .pyannote_clustering import CountedClustering
from .pyannote_import import prepare_pyannote
from .speaker_count import SpeakerCount

prepare_pyannote()  # the class below is one of pyannote's, so this module cannot be imported without it

from pyannote.audio.pipelines import SpeakerDiarization  # noqa: E402
from pyannote.core import SlidingWindowFeature  # noqa: E402

SLOW_WAY = (
    "The embedding network {network} is not one whose work can be shared between the speakers of a chunk: it was run "
    "in pyannote's own way, which is slower; the result is pyannote's."
)


class EfficientDiarization(SpeakerDiarization):
    """pyannote's pipeline; after a run it also tells what speaks for each speaker, and how many there seemed to be.

    Embeddings: see ``chunk_voices``. A network that is not known there is run in pyannote's own way, and ``notes`` say
    so. Reconstruction: pyannote makes an array of chunks x frames x clusters of 8 bytes each, twice (issues 1963
    and 1819 of pyannote.audio); here the chunks are added up one after the other.

    Attributes
    ----------
    evidence : Evidence or None
        Of the latest recording; None where nobody spoke in it.
    """

    evidence: Evidence | None = None
    _names: dict[str, int] | None = None

    @property
    def shares_work(self) -> bool:
        """Whether the embedding network is one whose frame-level part is run once a chunk."""
        return self._encoder is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the output came about: where less was shared than could be."""
        if self._encoder is not None:
            return ()
        return (SLOW_WAY.format(network=type(getattr(self._embedding, "model_", self._embedding)).__name__),)

    @property
    def count(self) -> SpeakerCount | None:
        """How the number of speakers of the latest recording came about; None where its clustering does not count."""
        return getattr(self.clustering, "count", None)

    @property
    def _encoder(self) -> Any:
        if "_voice_encoder" not in self.__dict__:
            self.__dict__["_voice_encoder"] = encoder_of(self._embedding)
        return self.__dict__["_voice_encoder"]

    def confidence(self, label: str, start: float, end: float) -> float | None:
        """How sure it is that the speaker of that label in the latest output speaks between two moments, 0 to 1."""
        cluster = self.cluster_of(label)
        return None if self.evidence is None or cluster is None else self.evidence.confidence(cluster, start, end)

    def cluster_of(self, label: str) -> int | None:
        """The cluster that has the label in the latest output; None where none has."""
        return (self._names or {}).get(label)

    def count_speakers(self) -> None:
        """Put this project's counting around the pipeline's clustering, whose parameters have to be set."""
        inner = self.clustering
        del self.clustering
        self.clustering = CountedClustering(inner)

    def apply(self, file: Any, *arguments: Any, **options: Any) -> Any:
        """As pyannote's own."""
        self.evidence = self._names = None
        return super().apply(file, *arguments, **options)

    def get_embeddings(
        self,
        file: Any,
        binary_segmentations: Any,
        exclude_overlap: bool = False,
        hook: Callable[..., None] | None = None,
    ) -> NDArray[Any]:
        """Embeddings of all voices of all chunks, shape (num_chunks, num_voices, dimension)."""
        if self._encoder is None or self.training:
            found: NDArray[Any] = super().get_embeddings(file, binary_segmentations, exclude_overlap, hook)
            return found
        window, speaks = binary_segmentations.sliding_window, binary_segmentations.data
        least = least_frames_of(self._embedding, window.duration, speaks.shape[1]) if exclude_overlap else -1

        def waveform_of(chunk: int) -> Any:
            return self._audio.crop(file, window[chunk], mode="pad")[0]

        def watch(done: int, total: int) -> None:
            if hook:
                hook("embeddings", None, total=total, completed=done)

        watch(0, 1)
        return embed_chunks(self._encoder, waveform_of, speaks, least, self.embedding_batch_size, watch)

    def reconstruct(self, segmentations: Any, hard_clusters: NDArray[Any], count: Any) -> Any:
        """Which clusters speak in which frames of the recording, 0 or 1, as a SlidingWindowFeature."""
        similarities = getattr(self.clustering, "similarities", None)
        evidence = evidence_of(segmentations, hard_clusters, count.sliding_window, similarities)
        if self.evidence is None:  # the second call is for the view without overlap
            self.evidence = evidence
        active = SlidingWindowFeature(evidence.activity, evidence.frames)
        most = int(np.max(count.data))
        if active.data.shape[1] < most:
            active.data = np.pad(active.data, ((0, 0), (0, most - active.data.shape[1])))
        extent = active.extent & count.extent
        active, count = active.crop(extent, return_data=False), count.crop(extent, return_data=False)
        length = min(len(active.data), len(count.data))
        order = np.argsort(-active.data, axis=-1)[:length]
        binary = np.zeros_like(active.data)
        loudest = np.arange(order.shape[1]) < count.data[:length]
        np.put_along_axis(binary[:length], order, loudest.astype(binary.dtype), axis=1)
        return SlidingWindowFeature(binary, active.sliding_window)

    def to_annotation(self, *arguments: Any, **options: Any) -> Any:  # type: ignore[override]
        """The segments of each cluster, as pyannote finds them."""
        annotation = super().to_annotation(*arguments, **options)
        if self._names is None:  # the names that pyannote gives to these clusters later
            self._names = dict(zip(map("SPEAKER_{:02d}".format, itertools.count()), annotation.labels(), strict=False))
        return annotation
