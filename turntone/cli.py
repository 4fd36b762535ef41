"""The command line: it parses, calls and prints."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from diarization.errors import TurntoneError

from .commands import (
    analyze,
    audit,
    calibrate,
    cluster,
    compare,
    config,
    dashboard,
    demo,
    doctor,
    evaluate,
    export,
    figure,
    flags,
    heads,
    import_,
    jobs,
    measures,
    models,
    participants,
    report,
    sessions,
    simulate,
    users,
    worker,
    workspace,
)
from .logs import LogFormat, LogLevel, start_log
from .terminal import Stopped, say_error

app = typer.Typer(
    name="turntone",
    help="Turns a recording of several people talking into what each of them seemed to feel, turn by turn, and shows "
    "how each speaker changes from session to session. Audio goes to no outside service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("analyze")(analyze.analyze)
app.add_typer(sessions.app, name="sessions")
app.add_typer(participants.app, name="participants")
app.add_typer(jobs.app, name="jobs")
app.add_typer(workspace.app, name="workspace")
app.command("worker")(worker.worker)
app.add_typer(cluster.app, name="cluster")
app.command("report")(report.report)
app.command("measures")(measures.measures)
app.command("flags")(flags.flags)
app.command("figure")(figure.figure)
app.command("compare")(compare.compare)
app.command("dashboard")(dashboard.dashboard)
app.command("demo")(demo.demo)
app.command("export")(export.export)
app.command("import")(import_.import_files)
app.add_typer(models.app, name="models")
app.add_typer(config.app, name="config")
app.add_typer(evaluate.app, name="evaluate")
app.command("simulate")(simulate.simulate)
app.command("calibrate")(calibrate.calibrate)
app.add_typer(calibrate.app, name="calibrations")
app.command("train-head")(heads.train_head)
app.add_typer(heads.app, name="heads")
app.add_typer(users.app, name="users")
app.add_typer(audit.app, name="audit")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from turntone import __version__

        typer.echo(f"turntone {__version__}")
        raise typer.Exit


@app.callback()
def options(
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", envvar="TURNTONE_LOG_FORMAT", help="How the log is written on stderr.")
    ] = LogFormat.text,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", envvar="TURNTONE_LOG_LEVEL", help="What is logged, and what is worse.")
    ] = LogLevel.warning,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the program itself."""
    start_log(log_format, log_level)


def main() -> None:
    """Run the command line; ends the process with 0, 1 (a sentence on stderr says why), 2 (misuse) or 130 (Ctrl-C)."""
    _quiet_the_libraries()
    signal.signal(signal.SIGINT, _stop)
    try:
        app()
    except TurntoneError as error:
        say_error(str(error))
        sys.exit(1)
    except (Stopped, KeyboardInterrupt):
        say_error("stopped; what was finished before is kept, nothing is half-written")
        _exit_at_once(130)
    except BrokenPipeError:  # the reader of our output has gone: `turntone sessions list | head`
        _exit_at_once(141)


def _stop(_signal: int, _frame: object) -> None:
    raise Stopped


def _quiet_the_libraries() -> None:
    """Third parties' warnings and progress bars are not for users; TURNTONE_DEBUG=1 brings the warnings back."""
    if os.environ.get("TURNTONE_DEBUG"):
        return
    warnings.filterwarnings("ignore")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("MODELSCOPE_LOG_LEVEL", "40")


def _exit_at_once(code: int) -> None:
    """Leave without waiting for the model libraries' threads, which would else need a second Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
