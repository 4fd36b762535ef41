"""Decoding in a process apart: the same sound, and nothing lost but the file that breaks its decoder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from diarization import decoding_apart
from diarization.audio import read
from diarization.decoding import decode
from diarization.decoding_apart import DecoderProcess, decode_apart
from diarization.errors import AudioError
from tests.sounds import encode, voice, write

ROOT = Path(__file__).parents[2]

CHILD = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import os, signal, time
import numpy as np
from contextlib import contextmanager
from diarization import decoding_child
from diarization.decoding import Block

class Hostile:
    stated_duration, tracks, unfinished, done, failed = None, 1, False, 0.0, 0.0
    def blocks(self):
        yield Block(np.zeros((16000, 1), np.float32), 16000)
        BODY

@contextmanager
def decode(path):
    yield Hostile()

decoding_child.decode = decode
decoding_child.CPU_SECONDS = 1
decoding_child.main()
"""


def hostile(body: str, patience: float = 60.0) -> DecoderProcess:
    """A process whose decoder gives a second of silence and then does something else."""
    return DecoderProcess([sys.executable, "-c", CHILD.replace("BODY", body)], patience)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac")]
)
def test_the_sound_is_the_same_as_in_one_process(tmp_path: Path, name: str, codec: str) -> None:
    path = encode(tmp_path / name, np.stack([voice(20, 44_100)] * 2, 1), 44_100, codec)
    with decode(path) as here, decode_apart(path) as apart:
        facts = [(each.stated_duration, each.tracks, each.unfinished) for each in (here, apart)]
        blocks = [np.concatenate([block.samples for block in each.blocks()]) for each in (here, apart)]
        assert facts[0] == facts[1]
        assert np.array_equal(blocks[0], blocks[1])
        assert (here.done, here.failed) == (apart.done, apart.failed)


def test_one_process_serves_file_after_file_also_those_that_are_no_audio(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", voice(1), 16_000)
    (tmp_path / "b.wav").write_text("no sound")
    read(path)
    before = list(decoding_apart._idle)
    with pytest.raises(AudioError, match=r"b\.wav: it is not audio but text"):
        read(tmp_path / "b.wav")
    read(path)
    assert before and decoding_apart._idle == before


def test_a_relative_path_is_read_after_the_folder_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(write(tmp_path / "a.wav", voice(1), 16_000))
    monkeypatch.chdir(tmp_path)
    assert read(Path("a.wav")).recording.duration == pytest.approx(1.0)


def test_a_file_left_half_way_does_not_disturb_the_next(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", voice(60), 16_000)
    with decode_apart(path) as decoding:
        next(decoding.blocks())
    assert read(path).recording.duration == 60


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(SIGSEGV\)"),
        ("os._exit(0)", "ended without a word"),
        ("while True: pass", "computes far longer than the sound in it plays"),
        ("raise ValueError('a bug')", r"failed \(ValueError: a bug\)"),
        ("import tempfile; tempfile.TemporaryFile(buffering=0).write(b'x')", "No usable temporary directory"),
    ],
)
def test_a_decoder_that_breaks_gives_one_sentence(tmp_path: Path, body: str, said: str) -> None:
    process = hostile(body)
    with pytest.raises((AudioError, OSError), match=said) as error:
        list(process.open(tmp_path / "call.mp3").blocks())
    process.end()
    assert "\n" not in str(error.value)


def test_a_decoder_that_wants_more_and_more_memory_is_refused_it(tmp_path: Path) -> None:
    process = hostile("held = [np.ones(1 << 26) for _ in range(100)]")
    with pytest.raises(AudioError, match=r"call\.mp3: its decoder wants more memory than sound can need \(the file is"):
        list(process.open(tmp_path / "call.mp3").blocks())
    process.end()


def test_a_decoder_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    process = hostile("time.sleep(60)", patience=3.0)
    begun = time.monotonic()
    with pytest.raises(AudioError, match="its decoder has not answered for 3 s"):
        list(process.open(tmp_path / "call.mp3").blocks())
    assert time.monotonic() - begun < 20
    assert not process.lives


@pytest.mark.parametrize("shape", ["(1 << 40, 1)", "(-1, 1)", "'much'", "(3,)"])
def test_an_answer_that_cannot_be_true_is_not_believed(tmp_path: Path, shape: str) -> None:
    process = DecoderProcess([sys.executable, "-c", _LIAR.replace("SHAPE", shape)])
    with pytest.raises(AudioError, match="its decoder gave an answer that is none"):
        list(process.open(tmp_path / "call.mp3").blocks())


_LIAR = """
import json, sys, time
def send(**message): print(json.dumps(message), flush=True)
send(kind="ready")
sys.stdin.readline()
send(kind="opened", stated=None, tracks=1, unfinished=False)
send(kind="block", rate=16000, shape=SHAPE, done=0.5, failed=0)
time.sleep(60)
"""


def test_the_process_ends_with_the_one_that_asks(tmp_path: Path) -> None:
    import subprocess

    path = write(tmp_path / "a.wav", voice(1), 16_000)
    code = (
        "import sys, time; from pathlib import Path; from diarization.audio import read; from diarization import "
        f"decoding_apart; read(Path({str(path)!r})); print(decoding_apart._idle[0]._process.pid, flush=True); "
        "time.sleep(60)"
    )
    asking = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    child = int(asking.stdout.readline())
    assert psutil.pid_exists(child)
    asking.kill()
    asking.communicate()
    _eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_files_are_not_left_open(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", voice(1), 16_000)
    read(path)
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("the system does not tell what is open")
    before = len(list(folder.iterdir()))
    for _ in range(3):
        process = hostile("os._exit(1)")
        with pytest.raises(AudioError):
            list(process.open(path).blocks())
    assert len(list(folder.iterdir())) == before


def _eventually(holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")
