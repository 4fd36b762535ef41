"""Voice embeddings of the local speakers of chunks, with no more work than they need.

pyannote runs its embedding network once for each speaker of each chunk, though the speakers of a chunk differ only in
the pooling at its end. Here the network's frame-level part runs once a chunk and is pooled with the mask of everybody
who speaks in it; a chunk in which nobody speaks is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from math import ceil
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Masks = NDArray[np.float32]
Vectors = NDArray[np.float32]


class VoiceEncoder(Protocol):
    """Embeddings of all voices of some chunks at once."""

    def __call__(self, waveforms: Any, masks: Any) -> Any:
        """Embeddings of chunks.

        Parameters
        ----------
        waveforms : Tensor, shape (num_chunks, 1, samples)
        masks : Tensor, shape (num_chunks, num_voices, frames)
            What of each chunk is each voice's; empty where a voice does not speak.

        Returns
        -------
        Tensor, shape (num_chunks, num_voices, dimension)
        """
        ...


def encoder_of(embedding: Any) -> VoiceEncoder | None:
    """The encoder that does the work of one of pyannote's embeddings in one go; None where its network is not known.

    Parameters
    ----------
    embedding : pyannote.audio.pipelines.speaker_verification.PyannoteAudioPretrainedSpeakerEmbedding
        As pyannote's pipeline holds it.
    """
    from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
    from pyannote.audio.pipelines.speaker_verification import PyannoteAudioPretrainedSpeakerEmbedding

    from .speaker_encoder import SpeakerEncoder

    if type(embedding) is not PyannoteAudioPretrainedSpeakerEmbedding:
        return None
    network = embedding.model_
    if isinstance(network, SpeakerEncoder):
        return _PairByPair(network)
    if isinstance(network, BaseWeSpeakerResNet) and type(network).forward is BaseWeSpeakerResNet.forward:
        return None if network.fbank_only else _SharedResNet(network)
    return None


def embed_chunks(
    encoder: VoiceEncoder,
    waveform_of: Callable[[int], Any],
    speaks: NDArray[np.floating[Any]],
    least_frames: float,
    batch_size: int,
    watch: Callable[[int, int], None] | None = None,
) -> Vectors:
    """Embeddings of every voice of every chunk.

    Parameters
    ----------
    encoder : VoiceEncoder
        From ``encoder_of``.
    waveform_of : callable
        Gives the waveform of a chunk by its number, a Tensor of shape (1, samples).
    speaks : np.ndarray, shape (num_chunks, frames, num_voices)
        Which voices speak in which frames, 0 or 1; NaN counts as 0.
    least_frames : float
        A voice with more clear frames than this is heard in those alone; below 0, always in all its frames.
    batch_size : int
        Chunks at once.
    watch : callable, optional
        Called with the number of chunks that are done, and of those to do.

    Returns
    -------
    np.ndarray, shape (num_chunks, num_voices, dimension)
        What the network gives for an empty mask where a voice does not speak.
    """
    import torch

    num_chunks, num_frames, num_voices = speaks.shape
    spoken = np.flatnonzero((speaks > 0).any(axis=(1, 2)))
    done = 0
    with torch.inference_mode():
        silent = encoder(waveform_of(0)[None], torch.zeros(1, num_voices, num_frames))[0].float().cpu().numpy()
        found = np.repeat(silent[None], num_chunks, axis=0)
        for start in range(0, len(spoken), batch_size):
            batch = spoken[start : start + batch_size]
            waveforms = torch.stack([waveform_of(int(chunk)) for chunk in batch])
            masks = torch.from_numpy(masks_of(speaks[batch], least_frames))
            voices = encoder(waveforms, masks).float().cpu().numpy()
            heard = masks.any(dim=2).numpy()
            found[batch] = np.where(heard[..., None], voices, silent)
            done += len(batch)
            if watch:
                watch(done, len(spoken))
    return np.asarray(found, np.float32)


def masks_of(speaks: NDArray[np.floating[Any]], least_frames: float) -> Masks:
    """What of each chunk is to be heard of each voice, shape (num_chunks, num_voices, frames).

    Where it leaves more than ``least_frames``, only what no other voice speaks in; else all the voice speaks in.
    """
    own = np.nan_to_num(speaks).astype(np.float32).transpose(0, 2, 1)
    if least_frames < 0:
        return np.ascontiguousarray(own)
    clear = own * (own.sum(axis=1, keepdims=True) < 2)
    enough = clear.sum(axis=2, keepdims=True) > least_frames
    return np.ascontiguousarray(np.where(enough, clear, own))


def least_frames_of(embedding: Any, duration: float, num_frames: int) -> int:
    """Frames of a chunk of so many seconds that the shortest sound which the embedding takes fills."""
    shortest: int = embedding.min_num_samples
    return ceil(num_frames * shortest / (duration * float(embedding.sample_rate)))


class _SharedResNet:
    """WeSpeaker's ResNets: everything before the pooling once a chunk.

    Batch normalisation is folded into the convolutions, and the channels come last in memory, which is how processors
    run convolutions fastest. Both change the embeddings by rounding only (2e-7).
    """

    def __init__(self, network: Any) -> None:
        import torch

        self._network = network
        self._trunk = _folded(network.resnet).to(memory_format=torch.channels_last)

    def __call__(self, waveforms: Any, masks: Any) -> Any:
        import torch
        from torch.nn import functional

        device = next(self._network.parameters()).device
        trunk = self._trunk.to(device)
        features = self._network.compute_fbank(waveforms.to(device)).transpose(1, 2).unsqueeze(1)
        frames = functional.relu_(trunk.conv1(features.contiguous(memory_format=torch.channels_last)))
        for layer in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4):
            frames = layer(frames)
        return self._network.forward_embedding(frames.contiguous(), weights=masks.to(device))


def _folded(resnet: Any) -> Any:
    """A copy of the network with each batch normalisation folded into the convolution before it."""
    from torch.nn import Identity, Sequential
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    folded = deepcopy(resnet).eval()
    blocks = [block for layer in (folded.layer1, folded.layer2, folded.layer3, folded.layer4) for block in layer]
    for owner in (folded, *blocks):
        for number in (1, 2, 3):
            if hasattr(owner, f"conv{number}"):
                convolution, normalisation = getattr(owner, f"conv{number}"), getattr(owner, f"bn{number}")
                setattr(owner, f"conv{number}", fuse_conv_bn_eval(convolution, normalisation))
                setattr(owner, f"bn{number}", Identity())
    for block in blocks:
        if len(block.shortcut):
            block.shortcut = Sequential(fuse_conv_bn_eval(*block.shortcut))
    return folded


class _PairByPair:
    """The embedded speaker encoder: only the voices that speak."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def __call__(self, waveforms: Any, masks: Any) -> Any:
        import torch

        device = self._network.device
        chunk, voice = torch.nonzero(masks.any(dim=2), as_tuple=True)
        found = torch.full((*masks.shape[:2], self._network.dimension), torch.nan, device=device)
        if len(chunk):
            found[chunk, voice] = self._network(waveforms[chunk].to(device), weights=masks[chunk, voice].to(device))
        return found
