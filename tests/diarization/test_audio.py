"""Reading recordings of every kind, and everything that can be wrong with a file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from diarization import audio, decoding
from diarization.audio import find_recordings, hash_file, peaks, read, read_flac, write_flac
from diarization.errors import AudioError, WorkspaceError
from tests.sounds import Samples, encode, likeness, voice, write

VOICE = voice(3)


def stereo(samples: Samples) -> Samples:
    """Two channels that differ, of which the mean is the samples."""
    other = 0.3 * voice(len(samples) / 48_000 + 1, 48_000, seed=5)[: len(samples)]
    return np.stack([samples + other, samples - other], axis=1).astype(np.float32)


LIBSNDFILE = [
    ("call.wav", 44_100, "PCM_16"),
    ("call.wav", 48_000, "PCM_24"),
    ("call.wav", 22_050, "PCM_U8"),
    ("call.wav", 96_000, "FLOAT"),
    ("call.wav", 8_000, "ULAW"),
    ("call.wav", 8_000, "ALAW"),
    ("call.wav", 16_000, "IMA_ADPCM"),
    ("call.flac", 44_100, "PCM_24"),
    ("call.aiff", 32_000, "PCM_16"),
    ("call.ogg", 44_100, "VORBIS"),
    ("call.mp3", 24_000, None),
]
FFMPEG = [
    ("call.m4a", 44_100, "aac"),
    ("call.aac", 16_000, "aac"),
    ("call.mp4", 48_000, "aac"),
    ("call.opus", 48_000, "libopus"),
    ("call.webm", 48_000, "libopus"),
    ("call.mkv", 48_000, "libopus"),
    ("call.amr", 8_000, "libopencore_amrnb"),
    ("call.3gp", 8_000, "libopencore_amrnb"),
    ("call.mp3", 44_100, "libmp3lame"),
]


@pytest.mark.parametrize(("name", "rate", "subtype"), LIBSNDFILE)
def test_reads_what_libsndfile_writes(tmp_path: Path, name: str, rate: int, subtype: str | None) -> None:
    path = write(tmp_path / name, stereo(voice(3, rate)), rate, subtype=subtype)
    sound = read(path)
    assert (sound.recording.sampling_rate, sound.recording.channels) == (rate, 2)
    assert sound.recording.duration == pytest.approx(3, abs=0.06)
    assert len(sound.waveform) == pytest.approx(16_000 * sound.recording.duration, abs=1)
    assert sound.waveform.dtype == np.float32
    assert likeness(sound.waveform, VOICE) > 0.95


@pytest.mark.parametrize(("name", "rate", "codec"), FFMPEG)
def test_reads_what_ffmpeg_writes(tmp_path: Path, name: str, rate: int, codec: str) -> None:
    samples = voice(3, rate) if codec == "libopencore_amrnb" else stereo(voice(3, rate))
    sound = read(encode(tmp_path / name, samples, rate, codec))
    assert (sound.recording.sampling_rate, sound.recording.channels) == (rate, samples.ndim)
    assert sound.recording.duration == pytest.approx(3, abs=0.1)
    assert len(sound.waveform) == pytest.approx(16_000 * sound.recording.duration, abs=1)
    assert likeness(sound.waveform, VOICE) > 0.9


def test_reads_an_amr_file_made_by_hand(tmp_path: Path) -> None:
    no_data = bytes([0x7C])  # frame type 15, RFC 4867: 20 ms in which nothing was sent
    path = tmp_path / "call.amr"
    path.write_bytes(b"#!AMR\n" + no_data * 50)
    sound = read(path)
    assert (sound.recording.duration, sound.recording.sampling_rate) == (1.0, 8000)


def test_amr_pauses_in_which_nothing_was_sent_are_silence(tmp_path: Path) -> None:
    samples = np.concatenate([voice(2, 8000), np.zeros(16_000, np.float32), voice(2, 8000)])
    sound = read(encode(tmp_path / "call.amr", samples, 8000, "libopencore_amrnb", {"dtx": "1"}))
    assert sound.recording.duration == pytest.approx(6, abs=0.05)
    assert sound.quality.missing == 0
    assert np.abs(sound.waveform[48_000:60_000]).max() < 0.01


def test_takes_the_sound_of_a_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "session.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=16_000)
        sound.layout = "mono"
        for _ in range(60):  # 6 s of pictures, 3 s of sound
            container.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        frame = av.AudioFrame.from_ndarray(VOICE[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        for piece in (frame, None):
            container.mux(sound.encode(piece))
        container.mux(video.encode(None))
    heard = read(path)
    assert heard.recording.duration == pytest.approx(3, abs=0.1)
    assert likeness(heard.waveform, VOICE) > 0.95
    assert heard.quality.missing == 0


def test_a_video_without_sound_is_an_error(tmp_path: Path) -> None:
    import av

    path = tmp_path / "silent film.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for picture in (av.VideoFrame(64, 64, "yuv420p"), None):
            container.mux(video.encode(picture))
    with pytest.raises(AudioError, match=r"silent film\.mkv: it has no audio track; give a file with sound$"):
        read(path)


@given(
    rate=st.integers(1000, 192_000),
    channels=st.integers(1, 8),
    frames=st.integers(1, 60_000),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_any_rate_channel_count_and_length(
    tmp_path_factory: pytest.TempPathFactory, rate: int, channels: int, frames: int, seed: int
) -> None:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    path = write(tmp_path_factory.mktemp("any") / "any.wav", samples, rate, subtype="FLOAT")
    if frames / rate < 0.1:
        with pytest.raises(AudioError, match=r"any\.wav: only .* of sound in it, at least 0\.1 s are needed"):
            read(path)
        return
    sound = read(path)
    assert (sound.recording.sampling_rate, sound.recording.channels) == (rate, channels)
    assert sound.recording.duration == frames / rate
    assert abs(len(sound.waveform) - frames * 16_000 / rate) <= 1
    expected = np.clip(soxr.resample(samples.mean(axis=1), rate, 16_000), -1, 1)
    shared = min(len(expected), len(sound.waveform))
    assert np.abs(sound.waveform[:shared] - expected[:shared]).max() < 1e-3


def test_a_sine_keeps_its_frequency_level_and_place(tmp_path: Path) -> None:
    times = np.arange(44_100 * 20) / 44_100  # several blocks
    path = write(tmp_path / "a.wav", (0.5 * np.sin(2 * np.pi * 1000 * times)).astype(np.float32), 44_100)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(320_000) / 16_000)
    assert np.abs(read(path).waveform - expected)[100:-100].max() < 1e-3


def test_what_16_khz_mono_holds_is_given_unchanged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", VOICE, 16_000, subtype="FLOAT")
    assert np.array_equal(read(path).waveform, VOICE)


def test_the_sampling_rate_may_change_in_the_middle(tmp_path: Path) -> None:
    first = encode(tmp_path / "a.aac", voice(2, 16_000), 16_000, "aac").read_bytes()
    second = encode(tmp_path / "b.aac", voice(2, 48_000), 48_000, "aac").read_bytes()
    (tmp_path / "joined.aac").write_bytes(first + second)
    sound = read(tmp_path / "joined.aac")
    assert sound.recording.duration == pytest.approx(4, abs=0.2)
    assert len(sound.waveform) == pytest.approx(16_000 * sound.recording.duration, abs=2)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    mp3 = encode(tmp_path / "call.mp3", VOICE, 16_000, "libmp3lame")
    for name in ("call.wav", "call.txt", "call", "call.raw", "10:30.flac", "Gespräch №1.m4a", "%03d.wav"):
        shutil.copy(mp3, tmp_path / name)
        assert likeness(read(tmp_path / name).waveform, VOICE) > 0.95
    shutil.copy(write(tmp_path / "b.wav", VOICE, 16_000), tmp_path / "b.raw")
    assert read(tmp_path / "b.raw").recording.duration == 3


def test_a_name_that_is_not_unicode_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp3"))
    shutil.copy(encode(tmp_path / "a.mp3", VOICE, 16_000, "libmp3lame"), path)
    assert read(path).recording.duration == pytest.approx(3, abs=0.1)


def test_id_is_the_hash_of_the_bytes_whatever_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", VOICE, 16_000)
    copy = shutil.copy(path, tmp_path / "b.mp3")
    assert read(path).recording.id == read(Path(copy)).recording.id == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read(path).recording.path == path


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    for path in (write(tmp_path / "a.wav", voice(60), 16_000), encode(tmp_path / "a.mp3", voice(60), 16_000, "mp3")):
        seen.clear()
        read(path, lambda step, share: seen.append((step, share)))
        shares = [share for _, share in seen]
        assert len(seen) > 2
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert {step for step, _ in seen} == {"read"}


@pytest.mark.parametrize("seconds", [0.1, 3.0])
def test_silence_is_a_recording(tmp_path: Path, seconds: float) -> None:
    sound = read(write(tmp_path / "a.wav", np.zeros(round(seconds * 8000), np.float32), 8000))
    assert sound.recording.duration == seconds
    assert not sound.waveform.any()
    assert sound.quality.level_dbfs is None


# Channels


def test_channels_are_mixed_to_their_mean(tmp_path: Path) -> None:
    left, right = voice(2, seed=1), voice(2, seed=2)
    path = write(tmp_path / "a.wav", np.stack([left, right], axis=1), 16_000, subtype="FLOAT")
    assert np.allclose(read(path).waveform, (left + right) / 2, atol=1e-6)


def test_of_channels_that_cancel_one_another_the_loudest_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.stack([0.8 * VOICE, -VOICE], axis=1), 16_000, subtype="FLOAT")
    sound = read(path)
    assert np.allclose(sound.waveform, -VOICE)
    assert sound.quality.opposed_channels
    assert "The channels cancel one another" in sound.quality.notes()[-1]


def test_one_speaking_channel_of_many_is_no_cancellation(tmp_path: Path) -> None:
    samples = np.zeros((len(VOICE), 8), np.float32)
    samples[:, 3] = VOICE
    sound = read(write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT"))
    assert np.allclose(sound.waveform, VOICE / 8, atol=1e-6)
    assert not sound.quality.opposed_channels


# Samples that are wrong


def test_a_few_samples_that_are_not_numbers_become_zero(tmp_path: Path) -> None:
    samples = VOICE.copy()
    samples[[100, 200, 300, 400]] = np.nan, np.inf, -np.inf, 1e30
    sound = read(write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT"))
    expected = VOICE.copy()
    expected[[100, 200, 300, 400]] = 0
    assert np.array_equal(sound.waveform, expected)
    assert sound.quality.replaced == pytest.approx(4 / 48_000)
    assert any("less than 0.1 % of the samples are not numbers" in note for note in sound.quality.notes())


@pytest.mark.parametrize("share", [0.02, 1.0])
def test_many_samples_that_are_not_numbers_are_an_error(tmp_path: Path, share: float) -> None:
    samples = VOICE.copy()
    samples[: round(share * len(samples))] = np.nan
    path = write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    with pytest.raises(AudioError, match=rf"a\.wav: {100 * share:.0f} % of its samples are not numbers .*; export it"):
        read(path)


@pytest.mark.parametrize("factor", [20.0, 32_768.0])
def test_floating_point_beyond_full_scale_is_scaled_down(tmp_path: Path, factor: float) -> None:
    sound = read(write(tmp_path / "a.wav", VOICE * factor, 16_000, subtype="FLOAT"))
    assert np.allclose(sound.waveform, VOICE / np.abs(VOICE).max(), atol=1e-5)
    assert sound.quality.scaled == pytest.approx(1 / factor / np.abs(VOICE).max())
    assert sound.quality.clipping == 0
    assert any("beyond full scale" in note for note in sound.quality.notes())


def test_a_little_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    samples = VOICE * np.float32(1.2 / np.abs(VOICE).max())
    sound = read(write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT"))
    assert np.array_equal(sound.waveform, np.clip(samples, -1, 1))
    assert sound.quality.scaled == 1


# Files that are wrong


def fails(path: Path, message: str) -> None:
    """Reading raises one sentence that opens with the file's name and has no jargon in it."""
    with pytest.raises(AudioError, match=message) as caught:
        read(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert "; " in sentence
    assert "\n" not in sentence
    assert not any(word in sentence for word in ("Error", "Exception", "libsndfile", "ffmpeg", "av.", "Errno"))


def test_a_missing_file(tmp_path: Path) -> None:
    fails(tmp_path / "call.wav", "there is no such file; check the path")


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    fails(tmp_path / "a" / "call.wav", "cannot be read")


def test_a_folder(tmp_path: Path) -> None:
    fails(tmp_path, "this is a folder, not a recording; name the audio files in it")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    fails(tmp_path / "pipe.wav", "this is a device or a pipe, not a file; save the sound to a file first")


def test_a_device() -> None:
    fails(Path("/dev/zero"), "this is a device or a pipe")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.wav", VOICE, 16_000)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    fails(path, r"cannot be read \(Permission denied\); check its permissions")


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame")])
def test_a_disk_that_fails_midway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str) -> None:
    path = encode(tmp_path / name, voice(60), 16_000, codec)

    class Failing(FileIO):
        def read(self, size: int = -1) -> bytes:
            if self.tell() > 100_000:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size) or b""

    monkeypatch.setattr(Path, "open", lambda self, _: Failing(self))
    monkeypatch.setattr(decoding, "_FOR_SOUNDFILE", ())
    monkeypatch.setattr(audio, "decode_apart", decoding.decode)  # the disk fails in this process alone
    fails(path, r"cannot be read \(Input/output error\); check its disk, or copy it again")


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "a.amr"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    fails(tmp_path / name, r"no sound in it \(the file is 0 bytes\); copy or export it again from its source")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff"])
def test_a_file_of_zero_samples(tmp_path: Path, name: str) -> None:
    fails(write(tmp_path / name, np.zeros(0, np.float32), 16_000), r"no sound in it")


def test_three_samples(tmp_path: Path) -> None:
    fails(write(tmp_path / "a.wav", VOICE[:3], 16_000), r"only 0\.000188 s of sound in it, at least 0\.1 s are needed")


def test_an_absurd_sampling_rate(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", VOICE, 16_000)
    content = bytearray(path.read_bytes())
    for rate, message in (
        (0, "header"),
        (1, "its header states 1 samples a second, where 1000 to 384000 can be true"),
        (2_000_000_000, "its header states 2000000000 samples a second"),
    ):
        content[24:28] = struct.pack("<I", rate)
        path.write_bytes(content)
        fails(path, message)


def test_files_that_are_not_audio(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.wav", b"RIFF")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(100))
    (tmp_path / "text.wav").write_text("Guten Tag, wie geht es Ihnen? Schön.\n" * 50)
    (tmp_path / "noise.mp3").write_bytes(np.random.default_rng(0).bytes(50_000))
    (tmp_path / "zeros.wav").write_bytes(bytes(50_000))
    fails(tmp_path / "a.zip", "it is not audio but a ZIP archive or document; give a WAV, FLAC, MP3")
    fails(tmp_path / "a.png", "it is not audio but a picture; give")
    fails(tmp_path / "a.pdf", "it is not audio but a PDF; give")
    fails(tmp_path / "text.wav", "it is not audio but text; give")
    fails(tmp_path / "noise.mp3", "it is not audio that is known; give")
    fails(tmp_path / "zeros.wav", "it is not audio that is known; give")


def test_playlists_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", VOICE, 16_000)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\na.wav\n#EXT-X-ENDLIST\n")
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile a.wav\n")
    fails(tmp_path / "list.m3u8", "it is not audio but text")
    fails(tmp_path / "list.wav", "it is not audio but text")


@given(content=st.binary(min_size=1, max_size=400), start=st.sampled_from([b"", b"RIFF", b"ID3", b"OggS", b"fLaC"]))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes_are_an_error_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.wav"
    path.write_bytes(start + content)
    fails(path, "a.wav: ")


CUT = [
    ("a.wav", None), ("a.aiff", None), ("a.flac", None), ("a.mp3", "libmp3lame"), ("a.webm", "libopus"),
    ("a.mkv", "aac"),
]  # fmt: skip


def cut_off(path: Path, codec: str | None, share: float) -> Path:
    """The first part of a file of 10 s, by its bytes."""
    make = encode(path, voice(10), 16_000, codec) if codec else write(path, voice(10), 16_000)
    content = make.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    return path


@pytest.mark.parametrize(("name", "codec"), CUT)
def test_half_a_file_is_an_error(tmp_path: Path, name: str, codec: str | None) -> None:
    fails(
        cut_off(tmp_path / name, codec, 0.5),
        r"only [3-6]\.\d s of the 10\.\d s that its header states can be read \(it is cut off or damaged\); copy it",
    )


@pytest.mark.parametrize(("name", "codec"), CUT)
def test_a_file_that_lacks_a_little_is_read_and_noted(tmp_path: Path, name: str, codec: str | None) -> None:
    sound = read(cut_off(tmp_path / name, codec, 0.95))
    assert 9 <= sound.recording.duration <= 9.75
    assert 0.02 < sound.quality.missing < 0.1
    assert any(note.startswith("The file is cut off or damaged") for note in sound.quality.notes())


def test_the_beginning_of_an_mp4_without_its_index_is_an_error(tmp_path: Path) -> None:
    fails(cut_off(tmp_path / "a.m4a", "aac", 0.9), "its header is damaged, or the file is cut off; copy or export it")


def test_an_ogg_file_without_its_end_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", voice(10), 16_000)
    assert not read(path).quality.unfinished
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound = read(path)
    assert sound.quality.unfinished
    assert "The file's end mark is missing: it may have been cut off." in sound.quality.notes()


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_streamed_wav_that_does_not_state_its_size_is_whole(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.wav", VOICE, 16_000)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", size)
    path.write_bytes(content)
    sound = read(path)
    assert sound.recording.duration == pytest.approx(3, abs=0.001)
    assert sound.quality.missing == 0


def test_damage_in_the_middle_is_read_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", voice(60), 16_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    path.write_bytes(content)
    assert read(path).recording.duration > 58


def test_a_header_that_lies_does_not_take_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", voice(1), 16_000)
    content = bytearray(path.read_bytes())
    content[22:26] = struct.pack(">I", 16_000 * 36_000)  # STREAMINFO's total of samples: ten hours
    path.write_bytes(content)
    used = _memory_growth(
        f"""
        try:
            read(Path({str(path)!r}))
        except AudioError as error:
            assert "only 1.0 s of the 36000.0 s" in str(error), error
        else:
            raise SystemExit("no error")
        """
    )
    assert used < 200_000_000


def test_half_an_hour_takes_little_more_memory_than_its_waveform(tmp_path: Path) -> None:
    path = tmp_path / "half an hour.wav"
    frames = 1800 * 44_100
    with path.open("wb") as file:  # a sparse file of stereo silence
        file.write(b"RIFF" + struct.pack("<I", 36 + 4 * frames) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 4 * 44_100, 4, 16) + b"data")
        file.write(struct.pack("<I", 4 * frames))
        file.truncate(44 + 4 * frames)
    used = _memory_growth(f"assert len(read(Path({str(path)!r})).waveform) == 28_800_000")
    assert used < 1.8 * 4 * 28_800_000


def _memory_growth(code: str) -> int:
    """Bytes by which the code raises the peak of a process that has already read a file and loaded the libraries."""
    import textwrap

    script = """
import resource, sys, tempfile
from pathlib import Path
import numpy as np, av
from diarization.audio import read, write_flac
from diarization.errors import AudioError
with tempfile.TemporaryDirectory() as folder:
    write_flac(Path(folder, "a.flac"), np.zeros(16_000, np.float32))
    read(Path(folder, "a.flac"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
CODE
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * (1 if sys.platform == "darwin" else 1024))
"""
    script = script.replace("CODE", textwrap.dedent(code))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


# Folders


def test_folders_give_their_audio_files_sorted_and_files_stand_for_themselves(tmp_path: Path) -> None:
    for name in ("b.wav", "a.MP3", "notes.txt", ".hidden.wav", "sub/c.m4a", ".git/d.wav", "sub/._c.m4a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    odd = tmp_path / "notes.txt"
    found = find_recordings([odd, tmp_path, tmp_path / "b.wav", tmp_path / "missing.wav"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "notes.txt", "a.MP3", "b.wav", "sub/c.m4a", "missing.wav",
    ]  # fmt: skip


def test_a_folder_without_audio_is_an_error_that_says_what_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(AudioError, match=r"no audio files in this folder; files ending in \.wav, \.flac, .* are taken"):
        find_recordings([tmp_path])


# The kept copy


def test_the_kept_copy_is_the_same_to_16_bits(tmp_path: Path) -> None:
    write_flac(tmp_path / "a.flac", VOICE)
    assert np.abs(read_flac(tmp_path / "a.flac") - VOICE).max() <= 1 / 32_768
    facts = soundfile.info(str(tmp_path / "a.flac"))
    assert (facts.samplerate, facts.channels, facts.subtype) == (16_000, 1, "PCM_16")
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]


def test_full_scale_does_not_wrap_around_in_the_kept_copy(tmp_path: Path) -> None:
    write_flac(tmp_path / "a.flac", np.array([1, -1] * 800, np.float32))
    assert np.abs(read_flac(tmp_path / "a.flac") - np.array([1, -1] * 800)).max() < 1e-4


def test_a_full_disk_leaves_the_old_copy_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_flac(tmp_path / "a.flac", VOICE)
    before = (tmp_path / "a.flac").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        WorkspaceError, match=r"a\.flac: cannot be written \(No space left on device\); free some space"
    ):
        write_flac(tmp_path / "a.flac", np.zeros(16_000, np.float32))
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]
    assert (tmp_path / "a.flac").read_bytes() == before


def test_a_damaged_copy_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write_flac(path, voice(30))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(AudioError, match=r"a\.flac: the kept audio is .*; analyse the recording again"):
        read_flac(path)
    write(path, VOICE, 8000)
    with pytest.raises(AudioError, match="not whole 16 kHz mono sound"):
        read_flac(path)
    with pytest.raises(AudioError, match="missing or damaged"):
        read_flac(tmp_path / "b.flac")


def test_hashing_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        hash_file(tmp_path / "a.wav")


# Drawing


@given(count=st.integers(1, 5000), points=st.integers(1, 3000), seed=st.integers(0, 2**16))
@settings(max_examples=50, deadline=None)
def test_peaks_have_the_extremes_of_the_waveform(count: int, points: int, seed: int) -> None:
    waveform = np.random.default_rng(seed).normal(size=count).astype(np.float32)
    drawn = peaks(waveform, points)
    assert drawn.shape == (points, 2)
    assert drawn.dtype == np.float32
    assert (drawn[:, 0] <= drawn[:, 1]).all()
    if count >= points:
        assert (drawn[:, 0].min(), drawn[:, 1].max()) == (waveform.min(), waveform.max())


def test_peaks_of_nothing_are_zero() -> None:
    assert not peaks(np.zeros(0, np.float32), 7).any()
    assert peaks(np.zeros(0, np.float32), 7).shape == (7, 2)


def test_every_suffix_is_lower_case() -> None:
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in audio.audio_suffixes)
