"""``turntone jobs``: the work that was asked for, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import ConfigError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.jobs.job import Job
    from pipeline.jobs.queue import JobQueue
    from pipeline.workspace import Workspace

app = typer.Typer(help="List, show, cancel, retry or forget jobs.", no_args_is_help=True)

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job, or how it begins.")]


@app.command("list")
def list_jobs(
    state: Annotated[
        str | None, typer.Option("--state", help="Only those queued, running, done, failed or cancelled.")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Only those submitted together.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 1000,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """The jobs of the workspace in the order of their submission."""
    from pipeline.jobs.job import STATES

    if state is not None and state not in STATES:
        raise ConfigError(f"--state {state}: not a state of jobs; accepted are {', '.join(STATES)}")
    jobs = _queue(workspace).jobs(state, batch, limit)
    if format is Format.json:
        print_json([job.to_json() for job in jobs])
    elif jobs:
        print_table(("job", "state", "recording", "progress", "attempts", "session", "why"), map(_row, jobs))
    else:
        say("no jobs")


@app.command("show")
def show(job: JobArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """One job: its state, its progress, and why it failed."""
    found = _queue(workspace).get(job)
    if format is Format.json:
        print_json(found.to_json())
    else:
        print_table(("field", "value"), [(name, value) for name, value in found.to_json().items()])


@app.command("cancel")
def cancel(job: JobArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Take a queued job out, or stop a running one at its next step; nothing of it stays."""
    _print(_queue(workspace).cancel(job), format)


@app.command("retry")
def retry(job: JobArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Queue a failed or cancelled job again; `turntone worker` or the dashboard works on it."""
    _print(_queue(workspace).retry(job), format)


@app.command("forget")
def forget(job: JobArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Remove a job that has ended from the list, with its upload where one is left; its session stays."""
    from pipeline.jobs.analyses import remove_recording

    gone = _queue(workspace).forget(job)
    remove_recording(_opened(workspace).path, gone.payload)
    _print(gone, format)


def _queue(workspace: str | None) -> JobQueue:
    from pipeline.jobs.queue import JobQueue

    return JobQueue(_opened(workspace).path)


def _opened(workspace: str | None) -> Workspace:
    from ..api import open_workspace

    opened = open_workspace(workspace)
    opened.check_usable()
    return opened


def _print(job: Job, format: Format) -> None:
    if format is Format.json:
        print_json(job.to_json())
    else:
        say(f"{job.id} ({job.title}): {job.state}")


def _row(job: Job) -> tuple[object, ...]:
    return job.id, job.state, job.title, f"{job.progress:.0%}", job.attempts, job.session, job.reason
