"""Blocks of samples out of files; reading as a whole is tested in test_audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.decoding import BLOCK_SAMPLES, decode
from tests.sounds import encode, voice, write


def test_blocks_are_bounded_in_order_and_whole(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.9, 0.9, (400_000, 2)).astype(np.float32)
    with decode(write(tmp_path / "a.wav", samples, 44_100, subtype="FLOAT")) as decoding:
        blocks = list(decoding.blocks())
    assert len(blocks) == 4
    assert all(block.samples.size <= BLOCK_SAMPLES and block.samples.dtype == np.float32 for block in blocks)
    assert np.array_equal(np.concatenate([block.samples for block in blocks]), samples)


@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23)])
def test_integers_of_flac_are_scaled_to_full_scale(tmp_path: Path, subtype: str, step: float) -> None:
    samples = np.linspace(-1, 1 - 2**-15, 20_000).astype(np.float32)
    with decode(write(tmp_path / "a.flac", samples, 16_000, subtype=subtype)) as decoding:
        decoded = np.concatenate([block.samples for block in decoding.blocks()])[:, 0]
    assert np.abs(decoded - samples).max() <= step


@pytest.mark.parametrize(
    ("name", "codec", "stated"),
    [("a.mp3", "libmp3lame", 4.0), ("a.m4a", "aac", 4.0), ("a.webm", "libopus", 4.0), ("a.flac", "flac", 4.0)],
)
def test_the_stated_duration_is_the_headers(tmp_path: Path, name: str, codec: str, stated: float) -> None:
    path = encode(tmp_path / name, voice(4, 48_000), 48_000, codec)
    with decode(path) as decoding:
        assert decoding.stated_duration == pytest.approx(stated, abs=0.03)
        assert (decoding.tracks, decoding.unfinished) == (1, False)


@pytest.mark.parametrize(("name", "codec"), [("a.aac", "aac"), ("a.amr", "libopencore_amrnb")])
def test_formats_without_a_length_state_none(tmp_path: Path, name: str, codec: str) -> None:
    with decode(encode(tmp_path / name, voice(4, 8000), 8000, codec)) as decoding:
        assert decoding.stated_duration is None


def test_an_mp3_states_its_length_only_with_a_xing_frame(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", voice(4), 16_000, "libmp3lame")
    content = path.read_bytes()
    tagged = b"ID3\x04\x00\x00\x00\x00\x20\x00" + bytes(0x20 << 7) + content[content.index(b"\xff\xf3") :]
    (tmp_path / "tagged.mp3").write_bytes(tagged)
    with decode(tmp_path / "tagged.mp3") as decoding:
        assert decoding.stated_duration == pytest.approx(4, abs=0.03)
    second = content.index(b"\xff\xf3", content.index(b"Info" if b"Info" in content else b"Xing"))
    (tmp_path / "bare.mp3").write_bytes(content[second:])
    with decode(tmp_path / "bare.mp3") as decoding:
        assert decoding.stated_duration is None


def test_files_are_closed_whatever_happens(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.wav", voice(1), 16_000), encode(tmp_path / "a.mp3", voice(1), 16_000, "libmp3lame")]
    before = _open_files()
    for path in paths:
        with pytest.raises(KeyboardInterrupt), decode(path) as decoding:
            for _ in decoding.blocks():
                raise KeyboardInterrupt
    assert _open_files() == before


def _open_files() -> list[str]:
    """What this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return sorted(str(file.readlink()) for file in folder.iterdir() if file.is_symlink()) if folder.is_dir() else []
