from __future__ import annotations

import numpy as np
import pytest

from diarization.channels_diarizer import ChannelsDiarizer
from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError
from reports.diarization_errors import error_seconds
from tests.calls import call, channels_of


@pytest.fixture(scope="module")
def diarizer(embedded_models: None) -> ChannelsDiarizer:
    return ChannelsDiarizer()


def error_rate(true: Diarization, found: Diarization, samples: np.ndarray) -> float:
    speech = sum(true.talk_time(each) for each in true.speakers)
    return sum(error_seconds(true, found, len(samples) / 16_000).values()) / speech


@pytest.mark.parametrize(
    ("how", "most"),
    [
        ({}, 0.05),
        ({"leak": -20.0}, 0.05),
        ({"echo": (0.2, -15.0)}, 0.1),
        ({"telephone": True, "noise": -55.0, "echo": (0.12, -20.0)}, 0.1),
    ],
    ids=["clean", "leaking", "echo", "telephone"],
)
def test_each_party_is_found_on_its_channel(diarizer: ChannelsDiarizer, how: dict[str, object], most: float) -> None:
    samples, true = call(1, **how)  # type: ignore[arg-type]
    found = diarizer.diarize_channels(channels_of(samples))
    assert found.channel_of == {"SPEAKER_00": 0, "SPEAKER_01": 1}
    assert error_rate(true, found, samples) < most


def test_who_is_only_an_echo_is_no_speaker(diarizer: ChannelsDiarizer) -> None:
    samples, _ = call(2, num_turns=6, noise=-70.0)
    own = samples[:, 0]
    late = 0.15 * np.concatenate([np.zeros(2000, np.float32), own])[: len(own)]
    activity = diarizer.examine(channels_of(np.stack([own, late], axis=1)))
    assert list(activity.diarization.channel_of.values()) == [0]
    (echo,) = activity.echoes
    assert (echo.source, echo.channel) == (0, 1)
    assert echo.delay == pytest.approx(0.125, abs=0.02)
    assert echo.attenuation == pytest.approx(16.5, abs=1.5)


def test_silence_has_no_speakers(diarizer: ChannelsDiarizer) -> None:
    found = diarizer.diarize_channels(channels_of(np.zeros((16_000, 2), np.float32)))
    assert (found.speakers, found.channel_of) == ([], {})


def test_a_sound_shorter_than_a_frame_has_no_speakers(diarizer: ChannelsDiarizer) -> None:
    assert diarizer.diarize_channels(channels_of(np.ones((100, 2), np.float32))).speakers == []


def test_one_channel_is_not_enough() -> None:
    with pytest.raises(AudioError, match="needs one channel for each party; analyse it with --set"):
        ChannelsDiarizer().diarize(np.zeros(16_000, np.float32), DiarizationConfig())
