"""Hears voices in files that were made, or chosen, so that somebody is known by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from diarization.audio import read
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError, ConfigError
from diarization.identity import Voice, VoiceEncoder, encoder_of
from diarization.recordings import SAMPLING_RATE, Waveform

from .engines import MODELS_IN_USE, Engines
from .participants import HeardVoice

_LEAST = 0.5  # seconds of speech in a file of several; less has no voice worth the name


def hear_voices(
    paths: Sequence[Path], engines: Engines, watch: Callable[[str, float], None] | None = None
) -> list[HeardVoice]:
    """The voice of each file, as the diarizer hears it; together they are enough to know somebody by.

    Parameters
    ----------
    paths : sequence of Path
        Audio or video files in each of which one person speaks, the same in all.
    engines : Engines
        Whose diarizer and whose ``identity.min_speech`` count.
    watch : callable, optional
        Told the name of each file before it is heard, and the share that is done.

    Raises
    ------
    AudioError
        Where a file cannot be read, or they hold too little speech to know a voice by.
    ConfigError
        Where the diarizer gives no voices.
    """
    encoder = encoder_in_use(engines)
    voices = []
    for at, path in enumerate(paths):
        if watch:
            watch(path.name, at / len(paths))
        voices.append(HeardVoice(path.name, _voice_in(path, engines, alone=len(paths) == 1), encoder))
    total, least = sum(heard.voice.seconds for heard in voices), engines.config.identity.min_speech
    if total < least:
        raise AudioError(
            f"{', '.join(str(path) for path in paths)}: {total:.1f} s of speech in all, at least {least:g} s are "
            "needed to know a voice by; nothing was enrolled"
        )
    return voices


def encoder_in_use(engines: Engines) -> VoiceEncoder:
    """What turns voices into vectors here.

    Raises
    ------
    ConfigError
        Where the diarizer gives no voices.
    """
    if engines.config.diarization.backend == "reference":  # it hears voices only where a file says who speaks
        raise _no_voices(engines)
    encoder = encoder_of([(use.name, use.revision) for use in engines.models["diarizer"]])
    if encoder is None:
        raise _no_voices(engines)
    return encoder


def voice_in(waveform: Waveform, engines: Engines) -> Voice:
    """The voice of the one person who speaks in a waveform; of nobody where no speech is found.

    Raises
    ------
    ConfigError
        Where the diarizer gives no voices.
    """
    config = DiarizationConfig(
        backend=engines.config.diarization.backend, model=engines.config.diarization.model, num_speakers=1
    )
    with MODELS_IN_USE:
        found = engines.diarizer.diarize(waveform, config)
    seconds = sum(segment.duration for segment in found.speech())
    if not found.speakers:
        return Voice(found.embeddings.reshape(-1)[:0], 0.0)
    if not found.embeddings.size:
        raise _no_voices(engines)
    longest = max(range(len(found.speakers)), key=lambda at: found.talk_time(found.speakers[at]))
    return Voice(found.embeddings[longest], seconds)


def _voice_in(path: Path, engines: Engines, alone: bool) -> Voice:
    waveform = read(path).waveform
    voice = voice_in(waveform, engines)
    least = engines.config.identity.min_speech if alone else _LEAST
    if voice.seconds < least:
        length = len(waveform) / SAMPLING_RATE
        raise AudioError(
            f"{path}: {voice.seconds:.1f} s of speech in {length:.1f} s of sound, at least {least:g} s are needed to "
            f"know a voice by{' (several files may make it up)' if alone else ''}; nothing was enrolled"
        )
    if not voice.is_known:
        raise AudioError(f"{path}: no voice is heard clearly enough in it; nothing was enrolled")
    return voice


def _no_voices(engines: Engines) -> ConfigError:
    return ConfigError(
        f"the diarizer '{engines.config.diarization.backend}' gives no voices to know people by; take another one, as "
        "--set diarization.backend=embedded does, or name a session with --session and --speaker"
    )
