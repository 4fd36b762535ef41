from __future__ import annotations

import numpy as np
import pytest

from diarization.channel_layout import layout_of
from tests.calls import call, channels_of, music
from tests.sounds import voice


@pytest.mark.parametrize(
    "how", [{}, {"leak": -20.0}, {"echo": (0.15, -18.0)}, {"telephone": True, "noise": -50.0}], ids=str
)
def test_a_party_a_channel_is_recognised(how: dict[str, object]) -> None:
    layout = layout_of(channels_of(call(1, **how)[0]))  # type: ignore[arg-type]
    assert layout.kind == "parties"
    assert layout.reason.startswith("one party a channel: in ")


def test_hold_music_in_one_channel_does_not_hide_the_parties() -> None:
    samples = call(2)[0]
    samples[:, 1] = np.where(np.arange(len(samples)) > len(samples) // 2, music(len(samples) / 16_000), samples[:, 1])
    assert layout_of(channels_of(samples)).kind == "parties"


@pytest.mark.parametrize(
    ("gain", "delay", "said"),
    [
        (1.0, 0, "copies of one another"),
        (-1.0, 0, "inverted copies"),
        (0.3, 320, "copies"),
        (-0.8, 4000, "inverted copies"),
    ],
)
def test_copies_are_told_at_any_delay_and_sign(gain: float, delay: int, said: str) -> None:
    own = call(3)[0].sum(axis=1)
    other = gain * np.concatenate([np.zeros(delay, np.float32), own])[: len(own)]
    layout = layout_of(channels_of(np.stack([own, other], axis=1)))
    assert layout.kind == "copies"
    assert said in layout.reason


def test_a_silent_channel_leaves_a_single_one() -> None:
    own = call(4)[0][:, 0]
    assert layout_of(channels_of(np.stack([own, np.zeros_like(own)], axis=1))).kind == "single"
    assert layout_of(channels_of(np.zeros((32_000, 2), np.float32))).kind == "silent"


def test_two_microphones_in_one_room_hear_a_scene() -> None:
    samples = call(5)[0]
    left = samples[:, 0] + 0.6 * np.roll(samples[:, 1], 12)
    right = 0.7 * np.roll(samples[:, 0], 9) + samples[:, 1]
    assert layout_of(channels_of(np.stack([left, right], axis=1))).kind == "scene"


def test_stereo_music_is_a_scene() -> None:
    one, other = music(20, 0), music(20, 0) + 0.3 * music(20, 1)
    assert layout_of(channels_of(np.stack([one, other], axis=1))).kind != "parties"


def test_three_parties_on_three_channels() -> None:
    silence = np.zeros(64_000, np.float32)
    spoken = [voice(4.0, seed=each) for each in range(3)]
    columns = [np.concatenate([spoken[who] if who == each else silence for who in (0, 1, 2) * 2]) for each in range(3)]
    layout = layout_of(channels_of(np.stack(columns, axis=1)))
    assert (layout.kind, len(layout.shares)) == ("parties", 3)
    assert layout.to_json()["shares"] == pytest.approx([0.333, 0.333, 0.333], abs=0.03)
