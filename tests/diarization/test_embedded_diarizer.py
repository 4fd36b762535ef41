import numpy as np
import pytest

from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig, make_diarizer
from diarization.embedded_diarizer import EmbeddedDiarizer
from diarization.formats.rttm import read_rttm
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.segments import Segment
from tests.real_clips import sample_path
from turntone.speech import speech_folder

AUTOMATIC = DiarizationConfig()


@pytest.fixture(scope="module")
def diarizer(embedded_models: None) -> EmbeddedDiarizer:
    return EmbeddedDiarizer()


@pytest.fixture(scope="module")
def sample() -> Waveform:
    """30 s of two people on the telephone."""
    import soundfile

    return np.asarray(soundfile.read(sample_path(), dtype="float32")[0])


@pytest.fixture(scope="module")
def found(diarizer: EmbeddedDiarizer, sample: Waveform) -> Diarization:
    return diarizer.diarize(sample, AUTOMATIC)


def error_rate(truth: Diarization, found: Diarization, duration: float) -> float:
    from pyannote.core import Segment as Stretch
    from pyannote.core import Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    return float(
        DiarizationErrorRate()(truth.to_annotation(), found.to_annotation(), uem=Timeline([Stretch(0, duration)]))
    )


def speech_of_one(seconds: float) -> Waveform:
    """What one speaker of the shipped counselling says, joined."""
    import soundfile

    sound, _ = soundfile.read(speech_folder() / "counselling-3.flac", dtype="float32")
    truth = read_rttm(speech_folder() / "counselling-3.rttm")
    pieces = [sound[int(s.start * SAMPLING_RATE) : int(s.end * SAMPLING_RATE)] for s in truth.of(truth.speakers[0])]
    return np.concatenate(pieces)[: int(seconds * SAMPLING_RATE)]


def test_it_is_found_by_name() -> None:
    assert isinstance(make_diarizer(DiarizationConfig(backend="embedded")), EmbeddedDiarizer)


def test_telephone_speech_has_two_speakers_and_few_errors(found: Diarization) -> None:
    assert found.speakers == ["SPEAKER_00", "SPEAKER_01"]
    assert error_rate(read_rttm(sample_path().with_suffix(".rttm")), found, 30.0) < 0.12


def test_every_speaker_has_a_voice(found: Diarization) -> None:
    assert found.embeddings.shape == (2, 256)
    assert np.allclose(np.linalg.norm(found.embeddings, axis=1), 1, atol=1e-4)


def test_the_exclusive_view_has_no_overlap(found: Diarization) -> None:
    assert found.overlap()
    assert not found.exclusive().overlap()
    assert set(found.exclusive().speakers) == set(found.speakers)


def test_segments_stay_inside_the_recording(found: Diarization) -> None:
    assert all(Segment(0, 30.0) & each.segment == each.segment for each in found.segments)


def test_three_and_five_given_speakers_are_found(diarizer: EmbeddedDiarizer, sample: Waveform) -> None:
    import soundfile
    import soxr

    call, rate = soundfile.read(speech_folder() / "call-3party.flac", dtype="float32")
    call = soxr.resample(call, rate, SAMPLING_RATE)[: 45 * SAMPLING_RATE]
    both = np.concatenate([call, sample])
    assert len(diarizer.diarize(call, DiarizationConfig(num_speakers=3)).speakers) == 3
    five = diarizer.diarize(both, DiarizationConfig(num_speakers=5))
    assert len(five.speakers) == len(five.embeddings) == 5


def test_a_lone_speaker_is_one_speaker(diarizer: EmbeddedDiarizer) -> None:
    assert diarizer.diarize(speech_of_one(15), AUTOMATIC).speakers == ["SPEAKER_00"]


def test_at_most_one_speaker_leaves_no_phantom(diarizer: EmbeddedDiarizer, sample: Waveform) -> None:
    assert diarizer.diarize(sample, DiarizationConfig(max_speakers=1)).speakers == ["SPEAKER_00"]


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.1, 3.0, 12.0])
def test_silence_holds_nobody(diarizer: EmbeddedDiarizer, seconds: float) -> None:
    silence = np.zeros(round(seconds * SAMPLING_RATE), np.float32)
    assert diarizer.diarize(silence, AUTOMATIC).speakers == []


def test_speech_shorter_than_a_chunk_is_heard(diarizer: EmbeddedDiarizer) -> None:
    assert diarizer.diarize(speech_of_one(2.5), AUTOMATIC).speakers == ["SPEAKER_00"]


def test_a_read_only_waveform_is_fine(diarizer: EmbeddedDiarizer, sample: Waveform) -> None:
    waveform = sample[-80_000:].copy()
    waveform.setflags(write=False)
    assert diarizer.diarize(waveform, AUTOMATIC).speakers


def test_progress_rises_from_nothing_to_all(diarizer: EmbeddedDiarizer, sample: Waveform) -> None:
    seen: list[tuple[str, float]] = []
    diarizer.diarize(sample[:240_000], AUTOMATIC, lambda step, share: seen.append((step, share)))
    shares = [share for _, share in seen]
    assert [step for step, _ in seen] == sorted((step for step, _ in seen), key=["segmentation", "embeddings"].index)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_provenance_names_networks_and_settings(embedded_models: None) -> None:
    segmentation, speaker, space = EmbeddedDiarizer().uses
    assert segmentation.revision == "whisperx-3.8.6"
    assert speaker.details["session_share"] == 0.3
    assert len(space.revision) == 12
