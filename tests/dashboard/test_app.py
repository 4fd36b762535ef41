"""Addresses, their status, and what guards them."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dashboard.app import listen, make_app, serve
from diarization.errors import TurntoneError

from .workspaces import FIRST, HOSTILE_CASE


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/jobs",
        "/review",
        f"/review/{FIRST}",
        "/participants",
        "/models",
        f"/session/{FIRST}",
        "/case/Demo",
        f"/case/{quote(HOSTILE_CASE, safe='')}",
    ],
)
def test_pages_that_exist_are_found(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "turntone.js" in answer.text


@pytest.mark.parametrize(
    "address", ["/session/ffffffffffff", "/session/0000", "/session/..%2f..", "/case/Other", "/nowhere", "/docs"]
)
def test_pages_that_do_not_exist_are_not_found(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_page_asked_for_first_has_its_scripts_and_styles(workspace_app: FastAPI) -> None:
    answer = TestClient(workspace_app, base_url="http://127.0.0.1").get(f"/session/{FIRST}")
    assert "turntone.css" in answer.text
    assert "dash_ag_grid" in answer.text


def test_pages_load_from_this_server_only(client: TestClient) -> None:
    text = client.get("/").text.replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8050", "[::1]:8050"])
def test_requests_to_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["/", f"/audio/{FIRST}", f"/report/session/{FIRST}", "/_dash-layout"])
def test_requests_under_a_foreign_name_are_refused(client: TestClient, address: str) -> None:
    assert client.get(address, headers={"Host": "rebound.example"}).status_code == 400


def test_a_configured_host_is_answered(workspace_path: Path) -> None:
    app = make_app(workspace_path, hosts=["pages.example"])
    assert TestClient(app, base_url="http://pages.example").get("/").status_code == 200
    assert TestClient(app, base_url="http://localhost").get("/").status_code == 400


@pytest.mark.parametrize("address", ["/", f"/audio/{FIRST}", "/nowhere", "/assets/turntone.css"])
def test_every_answer_carries_the_guarding_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_reports_are_offered_as_downloads(client: TestClient) -> None:
    answer = client.get(f"/report/session/{FIRST}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert FIRST in answer.text
    case = client.get("/report/case/Demo")
    assert case.headers["content-disposition"] == "attachment; filename*=utf-8''Turntone%20case%20Demo.html"
    assert client.get("/report/session/ffffffffffff").status_code == 404
    assert client.get("/report/case/Other").status_code == 404


def test_a_port_in_use_is_one_sentence_that_says_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TurntoneError, match=rf"port {port} on 127.0.0.1 is in use.*--port {port + 1}"):
            listen("127.0.0.1", port)


def test_serve_says_so_where_the_port_is_in_use(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(TurntoneError, match="is in use"):
        serve(tmp_path / "none", port=taken.getsockname()[1])
    assert not (tmp_path / "none").exists()


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(TurntoneError, match=r"cannot listen on 192\.0\.2\.1, port 8050: .*--host"):
        listen("192.0.2.1", 8050)


def test_a_listening_socket_can_be_reached() -> None:
    with listen("127.0.0.1", 0) as sock, socket.create_connection(sock.getsockname(), timeout=5):
        pass


@pytest.fixture
def workspace_path(workspace: object) -> Path:
    return Path(workspace.path)  # type: ignore[attr-defined]


@pytest.fixture
def workspace_app(workspace_path: Path) -> FastAPI:
    return make_app(workspace_path)
