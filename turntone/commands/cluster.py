"""``turntone cluster``: many machines that work on one workspace."""

from __future__ import annotations

from typing import Any

import typer

from ..terminal import Format, FormatOption, WorkspaceOption, clock, print_json, print_table, say_error

app = typer.Typer(help="Look at the workers of a cluster.", no_args_is_help=True)


@app.callback()
def cluster() -> None:
    """Keeps ``status`` a command of its own, as others will follow."""


@app.command("status")
def status(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Whether broker, database and store answer, who works, and what waits; exit code 1 where something is amiss."""
    from pipeline.cluster.broker import needed_broker
    from pipeline.cluster.status import cluster_status

    from ..api import open_workspace

    broker = needed_broker()
    found = cluster_status(open_workspace(workspace), broker)
    if format is Format.json:
        print_json(found.to_json())
    else:
        said = {"broker": found.broker, "database": found.database, "store": found.store}
        print_table(("part", "state"), [(part, "ok" if state == "ok" else "away") for part, state in said.items()])
        print_table(("worker", "queues", "threads", "device", "works on"), map(_worker_row, found.workers))
        print_table(("queue", "jobs", "messages", "oldest", "workers"), map(_queue_row, found.queues))
        print_table(("state", "jobs"), found.jobs.items())
    for problem in found.problems:
        say_error(problem)
    if found.problems:
        raise typer.Exit(1)


def _worker_row(worker: dict[str, Any]) -> tuple[Any, ...]:
    jobs = ", ".join(f"{job['id']} {job['stage'] or ''} {job['progress'] or 0:.0%}" for job in worker["jobs"])
    return worker["name"], ", ".join(worker["queues"]), worker["threads"], worker["device"], jobs or None


def _queue_row(queue: dict[str, Any]) -> tuple[Any, ...]:
    oldest = None if queue["oldest"] is None else clock(queue["oldest"])
    return queue["queue"], queue["jobs"], queue["messages"], oldest, queue["workers"]
