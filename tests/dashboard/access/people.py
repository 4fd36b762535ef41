"""A filled workspace whose people sign in, and their ways in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from dashboard.app import make_app
from pipeline.access.accounts import Accounts
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.dashboard.workspaces import HOSTILE_CASE, fill

PASSWORD = "nine brown hens"
ADDRESS = "http://127.0.0.1:8050"


@dataclass(frozen=True)
class People:
    """Tokens of an admin, of an editor and a viewer of the case Demo, and of an editor of another case."""

    workspace: Workspace
    job: str
    tokens: dict[str, str]

    def client(self, who: str | None = None) -> TestClient:
        """Asks with somebody's token, or with none."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        app = make_app(self.workspace.path)
        return TestClient(app, base_url=ADDRESS, headers=headers, follow_redirects=False)


def people_of(folder: Path) -> People:
    """Fill a workspace and let people in."""
    workspace, accounts = fill(folder), Accounts(folder)
    job = JobQueue(folder).submit(
        "nothing", {"case": "Demo", "upload": False, "path": "demo-call.wav"}, "demo-call.wav"
    )
    accounts.add("ada", "admin", PASSWORD)
    for name, role, case in (("ed", "editor", "Demo"), ("vera", "viewer", "Demo"), ("otto", "editor", HOSTILE_CASE)):
        accounts.add(name, role, PASSWORD)
        accounts.grant(name, case)
    accounts.add("nora", "editor", PASSWORD)  # who sees no case yet
    return People(
        workspace, job.id, {each: accounts.make_token(each)[1] for each in ("ada", "ed", "vera", "otto", "nora")}
    )


def routes_of(client: TestClient) -> list[tuple[str, str]]:
    """Method and path of every route, of routers inside routers too."""
    found: list[tuple[str, str]] = []
    for route in client.app.routes:  # type: ignore[attr-defined]
        found += _routes(route)
    return sorted(set(found))


def _routes(route: BaseRoute) -> list[tuple[str, str]]:
    if hasattr(route, "effective_route_contexts"):  # a router that was included, with its prefix
        return [(method, each.path) for each in route.effective_route_contexts() for method in each.methods]
    if type(route).__name__ == "Mount":
        return [("GET", f"{route.path}/access.js")]  # type: ignore[attr-defined]
    if "WebSocket" in type(route).__name__:
        return [("WEBSOCKET", route.path)]  # type: ignore[attr-defined]
    return [(method, route.path) for method in route.methods]  # type: ignore[attr-defined]
