"""Names that requests may call this server by, and what pages may load."""

from __future__ import annotations

import socket

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
