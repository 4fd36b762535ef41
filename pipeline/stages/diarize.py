"""Who speaks when."""

from __future__ import annotations

from diarization.audio import Sound
from diarization.diarizations import Diarization
from diarization.diarizers import ChannelDiarizer

from ..codecs import Arrays, diarization_arrays, diarization_from
from ..engines import MODELS_IN_USE, Engines
from .running import Run, stage_key


def diarize(sound: Sound, run: Run) -> Diarization:
    """The diarization of a recording; nothing is loaded where it is cached."""

    def find() -> Arrays:
        with MODELS_IN_USE:
            diarizer = run.engines.diarizer
            if isinstance(diarizer, ChannelDiarizer) and sound.channels is not None:
                return diarization_arrays(diarizer.diarize_channels(sound.channels, report))
            return diarization_arrays(diarizer.diarize(sound.waveform, config, report))

    config = run.engines.config.diarization
    with run.stage("diarize") as report:
        found = run.remembered(sound.recording.id, "diarize", diarization_key(run.engines), find)
    return diarization_from(found)


def diarization_key(engines: Engines) -> str:
    """What the diarization depends on, beside the recording."""
    settings = engines.config.diarization.model_dump(
        exclude={"backend", "channels", "reference", "reference_recording"}
    )
    return stage_key("diarize", engines.models["diarizer"], settings)
