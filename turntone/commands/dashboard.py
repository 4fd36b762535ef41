"""``turntone dashboard``: the page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ..terminal import Executor, ExecutorOption, Stopped, WorkspaceOption, say


def dashboard(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8050,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; the default is this machine only.")
    ] = "127.0.0.1",
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="TLS certificate, as a PEM file.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key, as a PEM file.")] = None,
    proxy: Annotated[
        list[str] | None, typer.Option("--proxy", metavar="ADDRESS", help="A proxy whose forwarding headers count.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="HOST", help="A name under which browsers ask this server.")
    ] = None,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Let passwords go over the network in the clear.")
    ] = False,
    executor: ExecutorOption = Executor.local,
) -> None:
    """Open the workspace as pages on http://127.0.0.1:8050; Ctrl-C ends it."""
    from dashboard.app import serve
    from dashboard.serving import Way

    from ..api import open_workspace

    way = Way(tls_cert, tls_key, tuple(proxy or ()), tuple(name or ()), plain_http)
    if executor is Executor.celery:
        from pipeline.cluster.broker import check_broker, needed_broker

        check_broker(needed_broker())
    with suppress(Stopped):
        serve(
            open_workspace(workspace).path,
            host=host,
            port=port,
            started=lambda address: say(f"Turntone is at {address} (Ctrl-C ends it)"),
            way=way,
            executor=None if executor is Executor.local else executor.value,
        )
