"""Names that requests may call this server by, and what pages may load."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from dashboard.security import allowed_hosts, content_security_policy


def test_a_server_of_this_machine_is_known_under_its_local_names_only() -> None:
    assert allowed_hosts("127.0.0.1") == ["localhost", "127.0.0.1", "::1", "[::1]"]


def test_a_configured_host_is_added() -> None:
    assert "desk.example" in allowed_hosts("Desk.Example")


def test_a_server_that_listens_everywhere_is_known_under_this_machines_name_but_not_any() -> None:
    names = allowed_hosts("0.0.0.0")
    assert socket.gethostname().lower() in names
    assert "*" not in names


def test_pages_run_only_their_own_scripts() -> None:
    policy = content_security_policy(["'sha256-abc'"])
    assert "script-src 'self' 'sha256-abc';" in policy
    assert "object-src 'none'" in policy


def test_no_request_is_endless(client: TestClient) -> None:
    large = client.post("/api/participants/rename", content=b"x" * (8 * 2**20 + 1))
    assert (large.status_code, "may have 8,388,608 bytes" in large.text) == (413, True)

    def pieces() -> Iterator[bytes]:  # nobody says how much is to come
        for _ in range(20):
            yield b"x" * 2**20

    with pytest.raises(Exception, match=""):
        answer = client.post("/api/participants/rename", content=pieces())
        answer.raise_for_status()
