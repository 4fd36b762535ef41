from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.audio import read, read_channels, write_channels
from diarization.channel_sound import ChannelSpool
from diarization.errors import AudioError
from diarization.recordings import cut
from diarization.segments import Segment
from tests.sounds import voice, write


def stereo(seconds: float = 3.0, rate: int = 16_000) -> np.ndarray:
    return np.stack([voice(seconds, rate, 1), 0.5 * voice(seconds, rate, 2)], axis=1)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_each_channel_is_heard_by_itself(tmp_path: Path, rate: int) -> None:
    samples = stereo(rate=rate)
    sound = read(write(tmp_path / "call.wav", samples, rate))
    assert sound.channels is not None
    assert (sound.channels.count, len(sound.channels)) == (2, len(sound.waveform))
    left, right = (sound.heard_on(each)[:] for each in (0, 1))
    np.testing.assert_allclose((left + right) / 2, sound.waveform, atol=2e-4)
    assert np.sqrt(np.mean(right**2)) == pytest.approx(np.sqrt(np.mean(left**2)) / 2, rel=0.1)


def test_a_stretch_of_a_channel_is_what_a_stretch_of_its_waveform_is(tmp_path: Path) -> None:
    samples = stereo()
    sound = read(write(tmp_path / "call.wav", samples, 16_000, subtype="FLOAT"))
    np.testing.assert_allclose(cut(sound.heard_on(1), Segment(1, 2)), samples[16_000:32_000, 1], atol=4e-5)
    assert sound.heard_on(None) is sound.waveform


def test_a_mono_file_and_one_of_many_channels_have_no_channels(tmp_path: Path) -> None:
    assert read(write(tmp_path / "mono.wav", voice(1.0), 16_000)).channels is None
    assert read(write(tmp_path / "many.wav", np.tile(voice(1.0)[:, None], 9), 16_000)).channels is None


def test_channels_far_beyond_full_scale_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    samples = stereo()
    sound = read(write(tmp_path / "loud.wav", 100 * samples, 16_000, subtype="FLOAT"))
    assert np.corrcoef(sound.heard_on(0)[:], samples[:, 0])[0, 1] > 0.9999


def test_channels_are_kept_to_the_bit(tmp_path: Path) -> None:
    spool = ChannelSpool(3)
    random = np.random.default_rng(0)
    spool.add(random.uniform(-1.1, 1.1, (5000, 3)).astype(np.float32), 16_000)
    sound = spool.finished()
    write_channels(tmp_path / "channels.flac", sound)
    np.testing.assert_array_equal(read_channels(tmp_path / "channels.flac").samples, sound.samples)


def test_channels_that_are_gone_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="missing or damaged; analyse the recording again"):
        read_channels(tmp_path / "nothing.flac")


def test_an_empty_spool_gives_channels_without_frames() -> None:
    assert len(ChannelSpool(2).finished()) == 0
