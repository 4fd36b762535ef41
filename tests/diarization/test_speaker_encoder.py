from typing import Any

import numpy as np
import pytest
import torch

from diarization.errors import ModelError
from diarization.model_files import require_model
from tests.real_clips import sample_path


@pytest.fixture(scope="module")
def encoder(embedded_models: None) -> Any:
    from diarization.speaker_encoder import load_speaker_encoder

    return load_speaker_encoder(require_model("embedded-speaker"))


@pytest.fixture(scope="module")
def sound() -> torch.Tensor:
    """Ten seconds of two people on the telephone, shape (1, 1, samples)."""
    import soundfile

    return torch.from_numpy(soundfile.read(sample_path(), dtype="float32")[0][None, None, 80_000:240_000])


@torch.inference_mode()
def test_a_mask_looks_only_at_what_it_keeps(encoder: Any, sound: torch.Tensor) -> None:
    mask = torch.zeros(1, 1000)
    mask[:, 300:600] = 1  # three seconds
    masked = encoder(sound, weights=mask)
    cut_out = encoder(sound[..., 48_000:96_000])
    rest = encoder(sound, weights=1 - mask)
    assert float(masked[0] @ cut_out[0]) > 0.98
    assert float(masked[0] @ rest[0]) < 0.95


@torch.inference_mode()
def test_embeddings_have_unit_length_or_are_nan(encoder: Any, sound: torch.Tensor) -> None:
    masks = torch.zeros(2, 1000)
    masks[0] = 1
    masks[1, :10] = 1  # a tenth of a second
    embeddings = encoder(sound.expand(2, 1, -1), weights=masks)
    assert embeddings.shape == (2, encoder.dimension)
    assert float(embeddings[0].norm()) == pytest.approx(1, abs=1e-5)
    assert embeddings[1].isnan().all()


@torch.inference_mode()
def test_loudness_does_not_matter_where_speech_is_quiet(encoder: Any, sound: torch.Tensor) -> None:
    quiet = sound * 0.01
    assert torch.allclose(encoder(quiet), encoder(quiet * 2), atol=1e-4)


def test_what_is_too_short_for_a_voice_is_refused(encoder: Any) -> None:
    with pytest.raises(ValueError, match="1600 samples are too few for a voice, 3200 are needed"):
        encoder(torch.zeros(1, 1, 1600))


def test_mel_bands_are_those_of_librosa(encoder: Any, sound: torch.Tensor) -> None:
    from librosa.feature import melspectrogram

    expected = melspectrogram(y=sound[0, 0].numpy(), sr=16_000, n_fft=400, hop_length=160, n_mels=40)
    assert np.allclose(encoder._mels(sound[0])[0].T.numpy(), expected, rtol=1e-3, atol=1e-6)


def test_weights_of_another_network_are_refused(encoder: Any, tmp_path: Any) -> None:
    from safetensors.torch import save_file

    from diarization.speaker_encoder import load_speaker_encoder

    save_file({"linear.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="turntone models fetch"):
        load_speaker_encoder(tmp_path)
