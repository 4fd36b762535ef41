"""Audio at rest: encrypted, read in stretches, refused when changed; dropped where it is not to be kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from diarization.errors import ConfigError, WorkspaceError
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.masking import PrivacyConfig
from pipeline.store.encryption import CHUNK, KEY_VARIABLE, Sealed, key_from, new_key, seal
from pipeline.unmasking import assign_people
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU

KEY = b"k" * 32


def with_privacy(**settings: object) -> Config:
    return BASELINE_FAKES.model_copy(update={"privacy": PrivacyConfig(**settings)})  # type: ignore[arg-type]


ENCRYPTED = with_privacy(encrypt_audio=True)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    made = new_key()
    monkeypatch.setenv(KEY_VARIABLE, made)
    return made


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_what_was_sealed_is_read_whole_and_in_stretches(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(seal(content, KEY))
    with Sealed(tmp_path / "a", KEY) as sealed:
        assert sealed.readall() == content
        for start, end in ((0, 10), (CHUNK - 5, CHUNK + 5), (size - 3, size)):
            sealed.seek(max(start, 0))
            found = b""
            while len(found) < end - max(start, 0) and (piece := sealed.read(end - max(start, 0) - len(found))):
                found += piece
            assert found == content[max(start, 0) : end]


def test_nothing_can_be_changed_moved_or_cut_off(tmp_path: Path) -> None:
    sealed = seal(os.urandom(3 * CHUNK), KEY)
    head, size = len(sealed) - 3 * (CHUNK + 16), CHUNK + 16
    changed = bytearray(sealed)
    changed[head + 100] ^= 1
    swapped = (
        sealed[:head] + sealed[head + size : head + 2 * size] + sealed[head : head + size] + sealed[head + 2 * size :]
    )
    other = seal(os.urandom(3 * CHUNK), KEY)
    for bad in (bytes(changed), swapped, sealed[:-CHUNK], other[:head] + sealed[head:]):
        (tmp_path / "a").write_bytes(bad)
        with pytest.raises(WorkspaceError, match="damaged, its bytes are not those that were written"):
            Sealed(tmp_path / "a", KEY).readall()


def test_another_key_and_another_file_are_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(seal(b"sound", KEY))
    with pytest.raises(WorkspaceError, match="encrypted with another key than the one here; set TURNTONE_KEY to that"):
        Sealed(tmp_path / "a", b"o" * 32)
    (tmp_path / "b").write_bytes(b"RIFF")
    with pytest.raises(WorkspaceError, match="damaged, it does not begin as an encrypted file does"):
        Sealed(tmp_path / "b", KEY)


def test_keys_are_written_in_two_ways_and_nothing_else_is_one() -> None:
    assert key_from("6b" * 32) == key_from("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=") == KEY
    for bad in ("", "secret", "6b" * 31, "a2tr"):
        with pytest.raises(ConfigError, match="TURNTONE_KEY is no key: 32 bytes as base64 or 64 hexadecimal digits"):
            key_from(bad)


def test_encrypted_audio_is_nowhere_plain_and_sounds_the_same(workspace: Workspace, tone: Path, key: str) -> None:
    plain = Workspace(workspace.path.parent / "plain")
    expected = analyze_recording(tone, plain, BASELINE_FAKES, CPU)
    session = analyze_recording(tone, workspace, ENCRYPTED, CPU)
    kept = workspace.kept_audio(session.id)
    assert kept.is_encrypted
    assert np.array_equal(kept.waveform(), plain.kept_audio(expected.id).waveform())
    assert kept.size == plain.audio(expected.id).stat().st_size
    assert not [path for path in workspace.path.rglob("*") if path.is_file() and b"fLaC" in path.read_bytes()]
    assert workspace.check() == []


def test_without_a_key_nothing_is_analysed_and_nothing_plain_is_left(
    workspace: Workspace, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="audio is kept encrypted here, and there is no key: set TURNTONE_KEY"):
        analyze_recording(tone, workspace, ENCRYPTED, CPU)
    assert workspace.sessions() == []


def test_audio_that_lay_plain_is_encrypted_by_the_next_analysis(workspace: Workspace, tone: Path, key: str) -> None:
    first = analyze_recording(tone, workspace, BASELINE_FAKES, CPU)
    sound = workspace.kept_audio(first.id).waveform()
    CALLS.clear()
    analyze_recording(tone, workspace, ENCRYPTED, CPU)
    assert CALLS["diarize"] == 0
    assert np.array_equal(workspace.kept_audio(first.id).waveform(), sound)
    assert [path.suffix for path in (workspace.path / "audio").iterdir()] == [".sealed"]
    analyze_recording(tone, workspace, ENCRYPTED, CPU)
    assert workspace.check() == []


def test_the_player_gets_ranges_of_encrypted_audio(workspace: Workspace, tone: Path, key: str) -> None:
    from dashboard.app import make_app

    session = analyze_recording(tone, workspace, ENCRYPTED, CPU)
    with workspace.kept_audio(session.id).open() as file:
        content = file.read()
    client = TestClient(make_app(workspace.path, ["testserver"]))
    whole = client.get(f"/audio/{session.id}")
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, content, "bytes")
    for asked, start, end in (("100-199", 100, 200), (f"{len(content) - 7}-", -7, None), ("-9", -9, None)):
        part = client.get(f"/audio/{session.id}", headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, content[start:end])
        assert part.headers["content-range"].endswith(f"/{len(content)}")
    assert client.get(f"/audio/{session.id}", headers={"Range": "bytes=99999999-"}).status_code == 416
    head = client.head(f"/audio/{session.id}")
    assert (head.status_code, head.content, int(head.headers["content-length"])) == (200, b"", len(content))


def test_without_the_key_pages_stand_and_nothing_plays(
    workspace: Workspace, tone: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.app import make_app

    session = analyze_recording(tone, workspace, ENCRYPTED, CPU)
    monkeypatch.delenv(KEY_VARIABLE)
    client = TestClient(make_app(workspace.path, ["testserver"]))
    assert client.get(f"/audio/{session.id}").status_code == 404
    assert client.get(f"/session/{session.id}").status_code == 200


def test_audio_that_is_not_kept_is_nowhere_and_scores_still_follow_who_speaks(workspace: Workspace, tone: Path) -> None:
    session = analyze_recording(tone, workspace, with_privacy(keep_audio=False), CPU, "Anna")
    assert list(workspace.path.rglob("*.flac")) == []
    note = "The audio was not kept, as the settings say: it cannot be played here."
    assert note in session.notes
    CALLS.clear()
    named = assign_people(workspace, session.id, {"SPEAKER_00": ("Anna", "client")})
    assert CALLS["score"] > 0
    assert named[0].turns["scored"].all()
    with pytest.raises(WorkspaceError, match="no copy of its audio is kept"):
        workspace.audio(session.id)


def test_audio_kept_before_goes_when_it_is_not_to_be_kept(workspace: Workspace, tone: Path) -> None:
    session = analyze_recording(tone, workspace, BASELINE_FAKES, CPU)
    assert workspace.audio(session.id).is_file()
    again = analyze_recording(tone, workspace, with_privacy(keep_audio=False), CPU)
    assert list(workspace.path.rglob("*.flac")) == []
    assert "The audio was not kept, as the settings say: it cannot be played here." in again.notes
