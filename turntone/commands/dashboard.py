"""``turntone dashboard``: the page."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from ..terminal import Stopped, WorkspaceOption, say


def dashboard(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8050,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; the default is this machine only.")
    ] = "127.0.0.1",
) -> None:
    """Open the workspace as pages on http://127.0.0.1:8050; Ctrl-C ends it."""
    from dashboard.app import serve

    from ..api import open_workspace

    with suppress(Stopped):
        serve(
            open_workspace(workspace).path,
            host=host,
            port=port,
            started=lambda address: say(f"Turntone is at {address} (Ctrl-C ends it)"),
        )
