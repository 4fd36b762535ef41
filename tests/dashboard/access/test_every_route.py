"""The contract of the gate, over every route there is: one that somebody adds is closed until somebody opens it."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard.api.jobs import _all_events
from pipeline.access.accounts import Accounts
from pipeline.access.visitors import visiting
from pipeline.jobs.queue import JobQueue
from pipeline.store.models import AUDIT, AUDIT_NAMES, SIGN_INS, Base
from pipeline.workspace import Workspace
from tests.dashboard.workspaces import FIRST, HOSTILE_CASE, SECOND

from .callbacks import UPDATE, all_bodies, page_body, parts_of
from .people import People, routes_of

OPEN = {
    ("GET", "/_favicon.ico"), ("GET", "/api/health"), ("GET", "/api/ready"), ("GET", "/assets/access.js"),
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/sign-in"), ("HEAD", "/healthz"), ("HEAD", "/readyz"),
    ("POST", "/sign-in"), ("GET", "/_dash-component-suites/{package_name}/{fingerprinted_path:path}"),
}  # fmt: skip
"""Everything that strangers get an answer from."""

VIEWERS_POST = {"/_dash-update-component", "/api/predict", "/sign-out"}
"""What viewers may send, as it changes nothing."""

ENDLESS = {"/api/jobs/events"}
"""Answers that go on as long as somebody listens; they are asked without a server."""

SECRETS = ("Demo", "Anna", FIRST, SECOND, "session-0", "demo-call")
"""What tells somebody of the case Demo."""

BODIES: dict[str, Any] = {
    "/api/sessions/{session_id}/review": {"turns": [0], "emotion": "happy"},
    "/api/sessions/{session_id}/speakers": {"SPEAKER_00": {"participant": "Zoe"}},
    "/api/participants/confirm": {"session": FIRST, "speakers": []},
    "/api/participants/unmatch": {"session": FIRST, "speaker": "SPEAKER_00"},
    "/api/participants/rename": {"name": "Anna", "case": "Demo", "new": "Zoe"},
    "/api/participants/forget": {"name": "Anna", "case": "Demo"},
    "/api/participants/merge": {"name": "Anna", "case": "Demo", "others": ["Ben"]},
    "/api/participants/split": {"name": "Anna", "case": "Demo", "new": "Zoe", "speakers": [{"session": FIRST}]},
    "/api/uploads": {"name": "a.wav", "size": 10},
}  # fmt: skip


def address(people: People, path: str) -> str:
    """A route's path with what is there in the place of its parameters."""
    filled = {
        "{session_id}": FIRST,
        "{job_id}": people.job,
        "{upload_id}": "0" * 16,
        "{name:path}": "Demo",
        "{path:path}": "x",
        "{package_name}": "dash",
        "{fingerprinted_path:path}": "dash-renderer/build/dash_renderer.min.js",
    }
    for name, value in filled.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in this test what {path} is filled with"
    return path


def asked(client: TestClient, people: People, method: str, path: str) -> Any:
    body = page_body(people.client("ada"), f"/session/{FIRST}") if path == UPDATE else BODIES.get(path)
    return client.request(method, address(people, path), **({"json": body} if body and method != "GET" else {}))


def told(answer: Any) -> list[str]:
    """What of the case Demo an answer gives away."""
    text = answer.text.replace("--case Anna", "") + json.dumps(dict(answer.headers))  # an example on the first page
    return [each for each in SECRETS if re.search(rf"(?<![0-9a-f]){each}(?![0-9a-f])", text)]


def same_for_all(page: str) -> str:
    """A page without what Dash draws at random for each."""
    return re.sub(r'"end_id":"[^"]*"', "", page)


def contents(workspace: Workspace) -> dict[str, list[Any]]:
    """Every row of every table but those that say who looked."""
    with workspace.reading() as connection:
        assert connection is not None
        tables = [each for each in Base.metadata.sorted_tables if each not in (AUDIT, AUDIT_NAMES, SIGN_INS)]
        return {each.name: [tuple(row) for row in connection.execute(select(each))] for each in tables}


def test_the_walk_is_over_all_there_is(people: People) -> None:
    routes = routes_of(people.client())
    assert len(routes) > 60
    documented = people.client("ada").get("/api/openapi.json").json()["paths"]
    assert set(documented) <= {path for _, path in routes}


def test_strangers_get_no_answer_from_any_route(people: People) -> None:
    client = people.client()
    for method, path in routes_of(client):
        if method == "WEBSOCKET" or (method, path) in OPEN:
            continue
        for headers in ({}, {"Accept": "text/html"}, {"Authorization": "Bearer turntone_" + "0" * 16 + "_" + "A" * 43}):
            body = BODIES.get(path) if method not in ("GET", "HEAD") else None
            answer = client.request(method, address(people, path), headers=headers, json=body)
            refused = answer.status_code == 401 or (
                answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=")
            )
            assert refused, (method, path, headers, answer.status_code)
            assert [each for each in told(answer) if quote(each) not in answer.headers.get("location", "")] == []


def test_what_is_open_tells_nothing(people: People) -> None:
    client = people.client()
    for method, path in OPEN:
        answer = asked(client, people, method, path)
        assert answer.status_code in (200, 403), (method, path)
        assert told(answer) == [], (method, path)


def test_no_route_opens_a_websocket(people: People) -> None:
    sockets = [path for method, path in routes_of(people.client()) if method == "WEBSOCKET"]
    for who in (None, "ada"):
        for path in sockets:
            with pytest.raises(WebSocketDisconnect), people.client(who).websocket_connect(path):
                pass


def test_viewers_change_nothing_by_any_route(people: People) -> None:
    client, before = people.client("vera"), contents(people.workspace)
    for method, path in routes_of(client):
        if method in ("GET", "HEAD", "WEBSOCKET") or (method, path) in OPEN:
            continue
        answer = asked(client, people, method, path)
        assert (answer.status_code == 403) != (path in VIEWERS_POST), (method, path, answer.status_code)
    assert contents(people.workspace) == before


def test_editors_administer_nothing(people: People) -> None:
    client = people.client("ed")
    administered = [path for _, path in routes_of(client) if path.startswith(("/api/audit", "/api/users", "/metrics"))]
    assert administered
    for path in administered:
        assert client.get(path).status_code == 403
        assert people.client("ada").get(path).status_code == 200


@pytest.mark.parametrize("who", ["otto", "nora"])
def test_who_does_not_see_a_case_finds_nothing_of_it_by_any_route(own_people: People, who: str) -> None:
    client, before = own_people.client(who), contents(own_people.workspace)
    for method, path in routes_of(client):
        if method == "WEBSOCKET" or path in ENDLESS or path == "/sign-in":
            continue
        answer = asked(client, own_people, method, path)
        assert answer.status_code < 500, (method, path, answer.text)
        echoes = answer.status_code >= 400 or path == UPDATE  # a page that says: nothing is there
        sent = address(own_people, path) + json.dumps(BODIES.get(path)) + FIRST if echoes else ""
        assert [each for each in told(answer) if each not in sent] == [], (method, path, answer.text[:300])
    assert contents(own_people.workspace) == before


@pytest.mark.parametrize("who", ["otto", "nora"])
def test_a_hidden_case_looks_like_one_that_is_not_there(people: People, who: str) -> None:
    client = people.client(who)
    for hidden, nowhere in (
        (f"/api/sessions/{FIRST}", "/api/sessions/ffffffffffff"),
        (f"/api/sessions/{FIRST}/audio", "/api/sessions/ffffffffffff/audio"),
        (f"/audio/{FIRST}", "/audio/ffffffffffff"),
        (f"/report/session/{FIRST}", "/report/session/ffffffffffff"),
        ("/report/case/Demo", "/report/case/Elsewhere"),
        (f"/session/{FIRST}", "/session/ffffffffffff"),
        ("/case/Demo", "/case/Elsewhere"),
        (f"/api/jobs/{people.job}", "/api/jobs/ffffffffffff"),
        ("/api/export?to=csv&case=Demo", "/api/export?to=csv&case=Elsewhere"),
    ):
        one, other = client.get(hidden), client.get(nowhere)
        assert one.status_code == other.status_code == 404, hidden
        assert same_for_all(one.text).replace(FIRST, "ffffffffffff").replace("Demo", "Elsewhere") == same_for_all(
            other.text
        )


def test_each_finds_the_cases_that_are_theirs(people: People) -> None:
    def cases(who: str) -> list[str]:
        return [each["name"] for each in people.client(who).get("/api/cases").json()]

    assert cases("ada") == sorted(["Demo", HOSTILE_CASE])
    assert (cases("vera"), cases("otto"), cases("nora")) == (["Demo"], [HOSTILE_CASE], [])
    sessions = {who: len(people.client(who).get("/api/sessions").json()) for who in ("ada", "vera", "otto", "nora")}
    assert sessions == {"ada": 4, "vera": 2, "otto": 1, "nora": 0}  # one session is of no case


def test_events_tell_of_jobs_that_are_seen(people: People) -> None:
    def first(who: str) -> list[dict[str, Any]]:
        user = Accounts(people.workspace.path).user(who)

        async def one() -> str:
            events = _all_events(JobQueue(people.workspace.path, guarded=True))
            return await anext(events)

        with visiting(user.visitor("page")):
            seen = copy_context()
        with ThreadPoolExecutor(1) as apart:  # browser tests leave a loop running in this thread
            return list(json.loads(apart.submit(seen.run, asyncio.run, one()).result().split("data: ")[1]))

    assert [each["title"] for each in first("vera")] == ["demo-call.wav"]
    assert first("otto") == []


def test_a_route_that_forgets_to_ask_finds_a_closed_workspace(people: People) -> None:
    from diarization.errors import AccessError

    guarded = Workspace(people.workspace.path, guarded=True)
    for ask in (guarded.sessions, guarded.cases, lambda: guarded.session(FIRST), lambda: guarded.delete(FIRST)):
        with pytest.raises(AccessError, match="nobody is signed in"):
            ask()


@pytest.mark.parametrize("page", [f"/session/{FIRST}", f"/review/{FIRST}", "/case/Demo", "/", "/participants"])
def test_no_callback_tells_of_a_hidden_case(people: People, page: str) -> None:
    admin, outsider = people.client("ada"), people.client("nora")
    shown = admin.post(UPDATE, json=page_body(admin, page))
    assert (shown.status_code == 200 and "Demo" in shown.text) or page == "/participants"
    bodies = all_bodies(admin, page, parts_of(shown.text))
    assert len(bodies) >= 2
    for output, body in bodies:
        answer = outsider.post(UPDATE, json=body)
        hidden = [each for each in told(answer) if each not in page]
        assert hidden == [], (output, hidden)
