"""Audio in ranges of bytes."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from pipeline.workspace import Workspace

from .workspaces import FIRST, SILENT


def test_audio_is_the_flac_of_the_workspace(client: TestClient, workspace: Workspace) -> None:
    answer = client.get(f"/audio/{FIRST}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.content == workspace.audio(FIRST).read_bytes()


def test_a_range_gives_those_bytes(client: TestClient, workspace: Workspace) -> None:
    bytes_of_file = workspace.audio(FIRST).read_bytes()
    answer = client.get(f"/audio/{FIRST}", headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.content == bytes_of_file[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{len(bytes_of_file)}"


def test_an_open_range_gives_the_rest(client: TestClient, workspace: Workspace) -> None:
    bytes_of_file = workspace.audio(FIRST).read_bytes()
    start = len(bytes_of_file) - 10
    answer = client.get(f"/audio/{FIRST}", headers={"Range": f"bytes={start}-"})
    assert (answer.status_code, answer.content) == (206, bytes_of_file[-10:])


def test_a_range_past_the_end_is_refused(client: TestClient) -> None:
    assert client.get(f"/audio/{FIRST}", headers={"Range": "bytes=999999999-"}).status_code == 416


def test_head_tells_the_size_without_the_sound(client: TestClient, workspace: Workspace) -> None:
    answer = client.head(f"/audio/{FIRST}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == workspace.audio(FIRST).stat().st_size


@pytest.mark.parametrize("session_id", [SILENT, "ffffffffffff", "0000", "..%2fworkspace.db", "%2e%2e"])
def test_there_is_no_audio_where_none_is_kept(client: TestClient, session_id: str) -> None:
    assert client.get(f"/audio/{session_id}").status_code == 404
