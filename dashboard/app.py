"""The dashboard: Dash pages, audio and reports of one workspace, served by one FastAPI application."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from diarization.errors import TurntoneError

from .access.gate import Gate
from .access.settings import Access
from .access.sign_in import sign_in_routes
from .api import Uploads, add_api
from .api.health import probe_routes
from .api.metrics import metrics_routes
from .audio import audio_routes
from .background import BackgroundWorker, beside
from .connections import (
    connect_browser,
    connect_choices,
    connect_groups,
    connect_home,
    connect_pages,
)
from .delivery import Compressed, KeepsScripts
from .downloads import report_routes
from .languages import SpeaksTheReadersLanguage, page_in_language
from .layout.shell import INDEX, shell
from .request_log import RequestLog
from .security import BodyLimit, OwnPagesOnly, SecurityHeaders, allowed_hosts, content_security_policy
from .serving import Way, check_served, is_loopback
from .sessions import Library
from .sweeping import keep_copies_swept

if TYPE_CHECKING:
    import uvicorn

_ASSETS = Path(__file__).parent / "assets"


def make_app(
    workspace_path: Path | str,
    hosts: Sequence[str] | None = None,
    worker: BackgroundWorker | None = None,
    access: Access | None = None,
    executor: str | None = None,
) -> FastAPI:
    """The application over a workspace; one that does not exist yet is an empty one.

    Parameters
    ----------
    workspace_path : Path or str
        The workspace's folder; it is read whenever a page is asked for, so that new sessions appear by themselves.
    hosts : sequence of str, optional
        Names that requests may call this server by; those of this machine alone where left out.
    worker : BackgroundWorker, optional
        What works on uploads as long as the server runs; without one they wait for ``turntone worker``.
    access : Access, optional
        What is asked of those who come. Where left out, a workspace without users is open, as on one's own machine.
    executor : str, optional
        As for ``pipeline.jobs.analyses.analysis_payload``: who works on what is uploaded here.
    """
    from pipeline.provenance import library_version
    from pipeline.workspace import Workspace

    access = access or Access()
    library = Library(Workspace(workspace_path, guarded=True))
    uploads = Uploads(library.path)
    uploads.sweep()
    server = FastAPI(
        title="Turntone",
        version=library_version("turntone"),
        description="Who spoke when, and what each turn sounds like. Recordings stay on this machine.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=beside(worker) if worker else None,
    )
    add_api(server, library, uploads, executor)
    server.include_router(audio_routes(library), include_in_schema=False)
    server.include_router(report_routes(library), include_in_schema=False)
    server.include_router(sign_in_routes(library.path, access), include_in_schema=False)
    server.include_router(probe_routes(library, worker), include_in_schema=False)
    server.include_router(metrics_routes(library), include_in_schema=False)
    dash = _pages(server, library)
    _add_addresses(server, dash, library)
    server.add_middleware(SpeaksTheReadersLanguage)
    server.add_middleware(KeepsScripts)
    server.add_middleware(Compressed)
    server.add_middleware(BodyLimit, recording=uploads.largest)
    server.add_middleware(Gate, folder=library.path, access=access)
    server.add_middleware(OwnPagesOnly)
    server.add_middleware(SecurityHeaders, policy=content_security_policy(dash.csp_hashes()))
    server.add_middleware(
        TrustedHostMiddleware, allowed_hosts=list(hosts or allowed_hosts("127.0.0.1")), www_redirect=False
    )
    server.add_middleware(RequestLog)
    return server


def serve(
    workspace_path: Path | str,
    host: str = "127.0.0.1",
    port: int = 8050,
    started: Callable[[str], None] | None = None,
    way: Way | None = None,
    executor: str | None = None,
) -> None:
    """Serve the dashboard until Ctrl-C.

    Parameters
    ----------
    workspace_path : Path or str
        The workspace's folder.
    host : str
        Address to listen on; the default answers this machine only. On another one people sign in.
    port : int
        Port to listen on; 0 takes a free one.
    started : callable, optional
        Called with the dashboard's address once it can be asked for.
    way : Way, optional
        Certificate, proxies and names under which it is asked; plain HTTP to this machine where left out.
    executor : str, optional
        As for ``make_app``; where a cluster works on recordings, this machine does not.

    Raises
    ------
    TurntoneError
        Where nothing can listen there, for example because the port is in use; where people would have to sign in and
        there are no users, or their passwords would go over a network in the clear.
    """
    way = way or Way()
    check_served(Path(workspace_path), host, way)
    with listen(host, port) as sock, suppress(KeyboardInterrupt):
        keep_copies_swept(Path(workspace_path))
        worker = BackgroundWorker(Path(workspace_path)) if executor is None else None
        access = Access(local=is_loopback(host) and not way.proxies)
        app = make_app(workspace_path, [*allowed_hosts(host), *way.names], worker, access, executor)
        server = uvicorn_server(app, way)
        if started:
            where = f"[{host}]" if ":" in host else host
            started(f"{'https' if way.certificate else 'http'}://{where}:{sock.getsockname()[1]}")
        server.run(sockets=[sock])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on that address.

    Raises
    ------
    TurntoneError
        Where it is in use, not this machine's, or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen()
    except OSError as error:
        sock.close()
        raise TurntoneError(_why_not(error, host, port)) from error
    return sock


def uvicorn_server(app: FastAPI, way: Way | None = None) -> uvicorn.Server:
    """The server that runs the application; it waits two seconds for players that still read when it ends."""
    import uvicorn

    options = (way or Way()).options()
    return uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2, **options))


@contextmanager
def served(workspace_path: Path | str) -> Iterator[str]:
    """The dashboard's address while the block lasts, on a free port of this machine: for tests and pictures."""
    with listen("127.0.0.1", 0) as sock:
        server = uvicorn_server(make_app(workspace_path))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


class _Pages(Dash):
    """Dash whose document is in the reader's language."""

    def interpolate_index(self, *args: Any, **parts: Any) -> str:
        """The document, from Dash's own parts of it."""
        return page_in_language(super().interpolate_index(*args, **parts))  # type: ignore[no-untyped-call]


def _pages(server: FastAPI, library: Library) -> Any:
    dash: Any = _Pages(
        __name__,
        server=server,  # type: ignore[arg-type]
        assets_folder=str(_ASSETS),
        assets_ignore="first.js",  # which stands before all other scripts (``layout.shell``)
        title="Turntone",
        update_title="",
        index_string=INDEX.replace("{plotly}", _plotly_address()),
        suppress_callback_exceptions=True,
    )
    # No callback of ours needs a WebSocket; otherwise every open page would hold one.
    dash.backend.websocket_capability = False
    dash.layout = shell

    connect_pages(dash, library)
    connect_browser(dash)
    connect_home(dash, library)
    connect_choices(dash, library)
    connect_groups(dash, library)
    # Dash would prepare this at the first request of its own; a page asked for directly needs it before.
    dash._setup_server()
    return dash


def _plotly_address() -> str:
    """Where browsers find Plotly, and may keep it until it is another version."""
    from plotly.offline import get_plotlyjs_version

    return f"/_dash-component-suites/plotly/package_data/plotly.min.js?v={get_plotlyjs_version()}"


def _add_addresses(server: FastAPI, dash: Any, library: Library) -> None:
    """Every page's address; unknown ones get the page that says so, with status 404."""

    def index(request: Request, found: bool) -> Response:
        # Dash asks for the request under way, which it knows by itself only at its own addresses.
        token = set_current_request(request)  # type: ignore[no-untyped-call]
        try:
            return HTMLResponse(dash.index(), 200 if found else 404)
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]

    @server.get("/jobs", include_in_schema=False)
    @server.get("/review", include_in_schema=False)
    @server.get("/compare", include_in_schema=False)
    @server.get("/participants", include_in_schema=False)
    @server.get("/models", include_in_schema=False)
    def known(request: Request) -> Response:
        return index(request, True)

    @server.get("/session/{session_id}", include_in_schema=False)
    @server.get("/review/{session_id}", include_in_schema=False)
    def session(request: Request, session_id: str) -> Response:
        return index(request, library.has_session(session_id))

    @server.get("/case/{name:path}", include_in_schema=False)
    def case(request: Request, name: str) -> Response:
        return index(request, library.has_case(name))

    @server.get("/{path:path}", include_in_schema=False)
    def nowhere(request: Request) -> Response:
        return index(request, False)


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another one, such as --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} is not allowed; choose one from 1024 up, such as --port 8050"
    why = error.strerror or str(error)
    return f"cannot listen on {host}, port {port}: {why}; choose an address of this machine with --host"
