from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diarization.embedded_diarizer import make_pipeline
from diarization.incremental import HeardChunk, KnownSpeakers, Listener
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.speaker_space import read_speaker_space
from tests.real_clips import sample_path

ANN, BEN, CAT = np.eye(8)[:3]


@pytest.fixture(scope="module")
def pipeline(embedded_models: None) -> Any:
    return make_pipeline()


@pytest.fixture(scope="module")
def sample() -> Waveform:
    """21.3 s of two people on the telephone."""
    import soundfile

    return np.asarray(soundfile.read(sample_path(), dtype="float32", start=7 * SAMPLING_RATE, frames=340_800)[0])


def heard(pipeline: Any, waveform: Waveform, piece: int) -> list[HeardChunk]:
    listener = Listener(pipeline, KnownSpeakers(read_speaker_space().project))
    chunks = [
        chunk for start in range(0, len(waveform), piece) for chunk in listener.push(waveform[start : start + piece])
    ]
    return [*chunks, *listener.finish()]


@pytest.fixture(scope="module")
def chunks(pipeline: Any, sample: Waveform) -> list[HeardChunk]:
    return heard(pipeline, sample, 4_801)


def test_chunk_by_chunk_is_what_the_whole_recording_gives(
    pipeline: Any, sample: Waveform, chunks: list[HeardChunk]
) -> None:
    import torch
    from pyannote.audio.utils.signal import binarize

    file = {"waveform": torch.from_numpy(sample)[None], "sample_rate": SAMPLING_RATE, "uri": "sample"}
    whole = pipeline.get_segmentations(file)
    np.testing.assert_allclose(np.stack([each.strengths for each in chunks]), whole.data, atol=1e-5)
    assert [each.start for each in chunks] == [whole.sliding_window[number].start for number in range(len(chunks))]
    speaks = binarize(whole, onset=pipeline.segmentation.threshold, initial_state=False)
    voices = pipeline.get_embeddings(file, speaks, exclude_overlap=pipeline.embedding_exclude_overlap)
    np.testing.assert_allclose(np.stack([each.embeddings for each in chunks]), voices, atol=1e-4)


def test_pieces_of_any_length_give_the_same(pipeline: Any, sample: Waveform, chunks: list[HeardChunk]) -> None:
    short = sample[: 8 * SAMPLING_RATE]
    at_once, bit_by_bit = heard(pipeline, short, len(short)), heard(pipeline, short, 1_600)
    assert [each.speakers for each in at_once] == [each.speakers for each in bit_by_bit]
    np.testing.assert_array_equal(at_once[0].strengths, chunks[0].strengths)


def test_two_people_on_the_telephone_are_told_apart(chunks: list[HeardChunk]) -> None:
    named = {speaker for chunk in chunks for speaker in chunk.speakers if speaker is not None}
    assert {0, 1} <= named
    for chunk in chunks:
        speakers = [speaker for speaker in chunk.speakers if speaker is not None]
        assert len(speakers) == len(set(speakers))


def test_sound_that_ends_with_a_chunk_has_no_last_one(pipeline: Any) -> None:
    listener = Listener(pipeline)
    assert len(listener.push(np.zeros(listener.size + listener.step, np.float32))) == 2
    assert listener.finish() == []
    assert Listener(pipeline).finish() == []


def test_silence_has_no_speakers(pipeline: Any) -> None:
    listener = Listener(pipeline)
    (chunk,) = [*listener.push(np.zeros(16_000, np.float32)), *listener.finish()]
    assert chunk.speakers == (None, None, None)
    assert len(listener.speakers) == 0


def test_voices_go_to_those_who_sound_alike_and_new_ones_are_new() -> None:
    speakers = KnownSpeakers()
    assert speakers.assign(np.stack([ANN, BEN]), np.array([2.0, 2.0])) == [0, 1]
    assert speakers.assign(np.stack([0.9 * BEN + 0.1 * CAT, ANN]), np.array([2.0, 2.0])) == [1, 0]
    assert speakers.assign(CAT[None], np.array([1.5])) == [2]


def test_a_short_voice_is_never_a_new_speaker_but_may_be_a_known_one() -> None:
    speakers = KnownSpeakers()
    assert speakers.assign(ANN[None], np.array([0.4])) == [None]
    speakers.assign(ANN[None], np.array([3.0]))
    assert speakers.assign(np.stack([BEN, ANN]), np.array([0.4, 0.4])) == [None, 0]


def test_known_voices_keep_their_place_and_no_more_than_most_are_found() -> None:
    speakers = KnownSpeakers(voices=np.stack([ANN, BEN]), most=2)
    assert speakers.assign(np.stack([BEN, CAT]), np.array([2.0, 2.0])) == [1, 0]
    assert len(speakers) == 2


def test_voices_without_an_embedding_have_no_speaker() -> None:
    speakers = KnownSpeakers()
    assert speakers.assign(np.full((2, 8), np.nan), np.array([2.0, 2.0])) == [None, None]
