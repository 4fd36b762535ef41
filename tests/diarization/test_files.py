"""Writing whole files or none."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from diarization.files import write_whole


def test_the_content_is_there_under_the_name_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", memoryview(b"two"))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"two")]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no" / "a", b"one")


def test_a_write_that_fails_midway_leaves_the_old_file_alone(tmp_path: Path) -> None:
    """The operating system lets this process write 4 KB a file, which fails like a full disk does."""
    (tmp_path / "a").write_bytes(b"old")
    script = f"""
import resource, signal
from pathlib import Path
from diarization.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, {resource.RLIM_INFINITY}))
try:
    write_whole(Path({str(tmp_path / "a")!r}), bytes(1_000_000))
except OSError as error:
    print(error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "File too large"
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"old")]
