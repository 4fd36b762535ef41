"""The embedded speaker encoder: GE2E voice vectors of stretches of a chunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .pyannote_import import prepare_pyannote
from .recordings import SAMPLING_RATE
from .segmentation import load_weights

prepare_pyannote()  # the class below is one of pyannote's, so this module cannot be imported without it

import torch  # noqa: E402
from pyannote.audio.core.model import Model  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

DIMENSION = 256
MEL_BANDS = 40
FFT_SIZE, HOP = 400, 160  # 25 ms, 10 ms
WINDOW, STEP = 160, 40  # frames of one look of the network, and between looks (the network was trained on 1.6 s)
SHORTEST = 20  # frames; with less there is no voice to tell
LOUDNESS = 10 ** (-30 / 20)  # RMS that quiet speech is raised to, -30 dBFS as in training


class SpeakerEncoder(Model):
    """GE2E (Wan et al. 2018, the weights of Resemblyzer) as a pyannote model that looks only at masked frames.

    The frames that a mask keeps are joined; the network looks at windows of 1.6 s of them every 0.4 s, and the mean of
    its unit vectors, at unit length again, is the embedding.
    """

    bands: Tensor
    taper: Tensor

    def __init__(self) -> None:
        import librosa

        super().__init__(sample_rate=SAMPLING_RATE, num_channels=1)
        self.lstm = nn.LSTM(MEL_BANDS, DIMENSION, 3, batch_first=True)
        self.linear = nn.Linear(DIMENSION, DIMENSION)
        bands = librosa.filters.mel(sr=SAMPLING_RATE, n_fft=FFT_SIZE, n_mels=MEL_BANDS)
        self.register_buffer("bands", torch.from_numpy(bands), persistent=False)
        self.register_buffer("taper", torch.hann_window(FFT_SIZE), persistent=False)

    @property
    def dimension(self) -> int:
        """Numbers in an embedding."""
        return DIMENSION

    def forward(self, waveforms: Tensor, weights: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """Embeddings at unit length, NaN where a mask keeps less than 0.2 s.

        Parameters
        ----------
        waveforms : Tensor, shape (batch, 1, samples)
        weights : Tensor, shape (batch, frames), optional
            Masks at any frame rate; what is above one half is kept. All is kept where left out.

        Returns
        -------
        Tensor, shape (batch, 256)

        Raises
        ------
        ValueError
            Where the waveforms are shorter than 0.2 s.
        """
        samples = waveforms[:, 0]
        if samples.shape[1] < SHORTEST * HOP:
            raise ValueError(f"{samples.shape[1]} samples are too few for a voice, {SHORTEST * HOP} are needed")
        masks = torch.ones(len(samples), 1, device=samples.device) if weights is None else weights
        mels = self._mels(samples * self._gain(samples, masks))
        kept = _stretch(masks, mels.shape[1])
        windows, owners = _windows([mel[keep] for mel, keep in zip(mels, kept, strict=True)])
        embeddings = torch.full((len(samples), DIMENSION), torch.nan, device=samples.device)
        if windows:
            owner = torch.tensor(owners, device=samples.device)
            sums = torch.zeros_like(embeddings).index_add_(0, owner, self._look(torch.stack(windows)))
            heard = torch.unique(owner)
            embeddings[heard] = functional.normalize(sums[heard], dim=1)
        return embeddings

    def _look(self, windows: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(windows)
        return functional.normalize(functional.relu(self.linear(hidden[-1])), dim=1)

    def _mels(self, samples: Tensor) -> Tensor:
        """Mel power, shape (batch, frames, bands)."""
        spectrum = torch.stft(
            samples, FFT_SIZE, HOP, window=self.taper, center=True, pad_mode="constant", return_complex=True
        )
        return (self.bands @ spectrum.abs().square()).transpose(1, 2)

    def _gain(self, samples: Tensor, masks: Tensor) -> Tensor:
        kept = _stretch(masks, samples.shape[1])
        power = (samples.square() * kept).sum(1) / kept.sum(1).clamp(min=1)
        return (LOUDNESS / power.sqrt().clamp(min=1e-6)).clamp(min=1)[:, None]


def load_speaker_encoder(folder: Path) -> SpeakerEncoder:
    """The encoder with the weights of a model folder (``model.safetensors``), ready for inference.

    Raises
    ------
    ModelError
        Where the tensors are not those of the encoder.
    """
    from safetensors.torch import load_file

    encoder = SpeakerEncoder()
    tensors = load_file(folder / "model.safetensors")
    needed = {name: tensor for name, tensor in tensors.items() if not name.startswith("similarity_")}  # of the loss
    load_weights(encoder, needed, folder)
    return encoder.eval()


def _stretch(masks: Tensor, length: int) -> Tensor:
    """Masks at another frame rate, as booleans, shape (batch, length)."""
    return functional.interpolate(masks[:, None].float(), size=length, mode="nearest")[:, 0] > 0.5


def _windows(speech: list[Tensor]) -> tuple[list[Tensor], list[int]]:
    """The windows of each item's frames, and the item each window is of; short speech is repeated to fill one."""
    windows: list[Tensor] = []
    owners: list[int] = []
    for owner, frames in enumerate(speech):
        if len(frames) < SHORTEST:
            continue
        filled: Any = frames if len(frames) >= WINDOW else frames.repeat(-(-WINDOW // len(frames)), 1)[:WINDOW]
        last = len(filled) - WINDOW
        starts = sorted({*range(0, last + 1, STEP), last})
        windows += [filled[start : start + WINDOW] for start in starts]
        owners += [owner] * len(starts)
    return windows, owners
