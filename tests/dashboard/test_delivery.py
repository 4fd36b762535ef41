"""What browsers keep, and what is compressed on its way."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.testclient import TestClient

from dashboard.delivery import Compressed

from .workspaces import FIRST

KEPT = "public, max-age=31536000, immutable"


def test_scripts_that_name_their_version_are_kept_and_others_asked_for_again(client: TestClient) -> None:
    plotly = client.get("/").text.split('data-plotly="')[1].split('"')[0]
    assert "?v=" in plotly
    assert client.get(plotly).headers["cache-control"] == KEPT
    assert client.get("/assets/base.js?m=1").headers["cache-control"] == KEPT
    assert "max-age" not in client.get("/assets/base.js").headers.get("cache-control", "")
    assert "max-age" not in client.get(f"/api/sessions/{FIRST}?v=1").headers["cache-control"]
    assert "max-age" not in client.get("/assets/none.js?v=1").headers.get("cache-control", "")


def app() -> FastAPI:
    server = FastAPI()
    server.get("/long")(lambda: JSONResponse({"words": "so it goes " * 1000}, headers={"ETag": '"a"'}))
    server.get("/short")(lambda: {"words": "so"})
    server.get("/pieces")(lambda: StreamingResponse([b"[", b"1" * 5000, b"]"], media_type="application/json"))
    server.add_middleware(Compressed)
    return server


def test_long_json_is_compressed_for_others_and_not_for_this_machine() -> None:
    far, near = TestClient(app(), client=("10.0.0.7", 50000)), TestClient(app(), client=("127.0.0.1", 50000))
    answer = far.get("/long")
    assert (answer.headers["content-encoding"], answer.headers["etag"]) == ("gzip", 'W/"a"')
    assert "Accept-Encoding" in answer.headers["vary"]
    assert int(answer.headers["content-length"]) < 1000
    assert answer.json() == near.get("/long").json() == {"words": "so it goes " * 1000}
    assert "content-encoding" not in near.get("/long").headers
    assert "content-encoding" not in far.get("/long", headers={"Accept-Encoding": "identity"}).headers


def test_what_is_short_or_comes_in_pieces_is_sent_as_it_is() -> None:
    far = TestClient(app(), client=("10.0.0.7", 50000))
    assert "content-encoding" not in far.get("/short").headers
    assert "content-encoding" not in far.get("/pieces").headers
    assert far.get("/pieces").text == "[" + "1" * 5000 + "]"


def test_everything_but_scripts_stays_unkept(client: TestClient) -> None:
    assert client.get(f"/api/sessions/{FIRST}").headers["cache-control"] == "private, no-store"
