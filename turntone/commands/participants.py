"""``turntone participants``: who the people of a case are, and how they are known by their voice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diarization.errors import WorkspaceError

from ..terminal import (
    ConfigOption,
    Format,
    FormatOption,
    SettingsOption,
    WorkspaceOption,
    print_json,
    print_table,
    progress_bar,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.participants import Appearance, HeardVoice, Participants, ParticipantSummary
    from pipeline.sessions import Session

app = typer.Typer(help="Know the people of a case, by name and by voice.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The participant.")]
CaseOption = Annotated[str | None, typer.Option("--case", help="The case; needed where several have that name.")]
SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session, or how it begins.")]


@app.command("list")
def list_participants(
    case: Annotated[str | None, typer.Option("--case", help="Only the participants of this case.")] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """The participants, by case and name."""
    found = _participants(workspace).all(case)
    if format is Format.json:
        print_json([each.to_json() for each in found])
    elif found:
        columns = ("participant", "case", "role", "named in", "matched in", "enrolled", "seconds of voice")
        print_table(columns, map(_row, found))
    else:
        say("nobody is known yet; `turntone sessions assign` and `turntone participants enroll` make people known")


@app.command("show")
def show(
    name: NameArgument, case: CaseOption = None, workspace: WorkspaceOption = None, format: FormatOption = Format.table
) -> None:
    """One participant: where they speak, how sure that is, and what their voice is known by."""
    found = _participants(workspace).show(name, case)
    if format is Format.json:
        print_json(found.to_json())
        return
    facts = [found.name, *([f"case {found.case}"] if found.case else []), *([found.role] if found.role else [])]
    print(" · ".join(facts))
    if found.appearances:
        print_table(("session", "date", "speaker", "seconds", "said by"), map(_appearance_row, found.appearances))
    if found.enrolments:
        print_table(("enrolled with", "seconds"), [(each.source, round(each.seconds, 1)) for each in found.enrolments])
    print(f"voice known by: {', '.join(found.encoders) or 'nothing yet'}")


@app.command("enroll")
def enroll(
    name: NameArgument,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Audio or video files, one voice in each.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", help="Take the voice of a session instead.")] = None,
    speaker: Annotated[str | None, typer.Option("--speaker", help="Which of that session's, as SPEAKER_00.")] = None,
    case: Annotated[str | None, typer.Option("--case", help="The case; the only one where left out.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="What the participant is, as client.")] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Make a voice known as a participant's, so that it is recognised in the case's sessions."""
    participants = _participants(workspace)
    if session or speaker:
        if files or not (session and speaker):
            raise WorkspaceError("enroll takes files, or a session with --session SESSION --speaker LABEL")
        changed = participants.enroll_speaker(name, session, speaker, case, role)
    elif not files:
        raise WorkspaceError("enroll needs a voice: files, or a session with --session SESSION --speaker LABEL")
    else:
        participants.check_enrollable(name, case, role)
        voices = _heard(participants, files, case, config, settings or (), device)
        changed = participants.enroll(name, voices, case, role)
    _say_changed(changed, format, participants.show(name, participants.case_of_name(name, case, session)))


@app.command("rename")
def rename(
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name.")],
    case: CaseOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Give a participant another name, in every session of the case."""
    _say_changed(_participants(workspace).rename(name, new, case), format)


@app.command("merge")
def merge(
    name: NameArgument,
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Who is the same person.")],
    case: CaseOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Make several participants of a case one, under the first name."""
    _say_changed(_participants(workspace).merge(name, others, case), format)


@app.command("split")
def split(
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Who the speakers are instead.")],
    speakers: Annotated[
        list[str], typer.Argument(metavar="SESSION[:SPEAKER]...", help="Which of the participant's speakers.")
    ],
    case: CaseOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Make some of a participant's speakers another participant's."""
    pairs = [(session, label or None) for session, _, label in (each.partition(":") for each in speakers)]
    _say_changed(_participants(workspace).split(name, new, pairs, case), format)


@app.command("confirm")
def confirm(
    session: SessionArgument,
    speakers: Annotated[list[str] | None, typer.Argument(metavar="[SPEAKER]...", help="All where left out.")] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Say that speakers of a session are who the voice says; suggestions count as well."""
    _say_changed(_participants(workspace).confirm(session, speakers or ()), format)


@app.command("unmatch")
def unmatch(
    session: SessionArgument,
    speaker: Annotated[str, typer.Argument(metavar="SPEAKER", help="The speaker, as SPEAKER_00.")],
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Say that a speaker is not who the voice, or somebody, said; no voice says it of them again."""
    _say_changed(_participants(workspace).unmatch(session, speaker), format)


@app.command("consent")
def consent(
    name: NameArgument,
    analysis: Annotated[str | None, typer.Option("--analysis", metavar="yes|no", help="To the analysis.")] = None,
    voiceprint: Annotated[
        str | None, typer.Option("--voiceprint", metavar="yes|no", help="To being known by their voice.")
    ] = None,
    case: CaseOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Record what a participant consents to; without consent to a voiceprint their voice is no longer kept."""
    said = {"analysis": _yes_or_no(analysis), "voiceprint": _yes_or_no(voiceprint)}
    found = _participants(workspace).consent(name, case, **said)
    if format is Format.json:
        print_json(found.to_json())
    else:
        words = {True: "yes", False: "no", None: "nobody asked"}
        say(f"{found.name}: analysis {words[found.consent_analysis]}, voiceprint {words[found.consent_voiceprint]}")


@app.command("forget")
def forget(
    name: NameArgument,
    case: CaseOption = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Everybody of that name, in whatever case.")] = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Remove a participant with turns, voice, audio, exports and caches; what others said stays."""
    found = _participants(workspace).forget(name, case, everywhere)
    if format is Format.json:
        facts = {each: getattr(found, each) for each in ("deleted", "exports", "exports_left", "recordings")}
        print_json({"forgotten": name, "sessions": [each.id for each in found.changed], **facts})
        return
    count = len(found.changed) + len(found.deleted)
    say(f"forgot {name} in {count} session{'' if count == 1 else 's'}; {len(found.deleted)} of them held nobody else")
    for each in found.exports:
        say(f"removed {each}, which was written of them")
    for each in found.exports_left:
        say(f"{each} was written of them and changed since: look at it yourself")
    for each in found.recordings:
        say(f"{each} is your own file and still holds the voice: delete it yourself where it has to go")


def _yes_or_no(text: str | None) -> bool | None:
    if text is None:
        return None
    if text.strip().lower() not in ("yes", "no"):
        raise WorkspaceError(f"consent is '{text}'; accepted are yes and no")
    return text.strip().lower() == "yes"


def _participants(workspace: str | None) -> Participants:
    from pipeline.participants import Participants

    from ..api import open_workspace

    return Participants(open_workspace(workspace))


def _heard(
    participants: Participants,
    files: Sequence[Path],
    case: str | None,
    config: str | None,
    settings: Sequence[str],
    device: str,
) -> list[HeardVoice]:
    from pipeline.engines import Engines
    from pipeline.enrolment import hear_voices
    from pipeline.settings import load_config, load_runtime

    given = [*settings, *([] if device == "auto" else [f"runtime.device={device}"])]
    name = participants.case_meant(case)
    pinned = participants.workspace.pinned(name)
    engines = Engines(load_config(config, given), load_runtime(config, given), pinned, name)
    with progress_bar("Listening") as progress:
        return hear_voices(files, engines, progress)


def _say_changed(changed: Sequence[Session], format: Format, participant: ParticipantSummary | None = None) -> None:
    """What ``sessions assign`` prints: the sessions that a change concerned, a line each."""
    if format is Format.json:
        sessions = [each.to_json() for each in changed]
        print_json({"participant": participant.to_json(), "sessions": sessions} if participant else sessions)
        return
    if participant:
        say(f"{participant.name} is known by {participant.voice_seconds:.1f} s of voice")
    for each in changed:
        say(f"{each.id}: " + ", ".join(f"{label} = {each.who_is(label)}" for label in each.speakers["label"]))


def _row(each: ParticipantSummary) -> tuple[Any, ...]:
    return (
        each.name, each.case, each.role, each.confirmed, each.matched, len(each.enrolments),
        round(each.voice_seconds, 1),
    )  # fmt: skip


def _appearance_row(each: Appearance) -> tuple[Any, ...]:
    if each.confirmed:
        said = "a person"
    else:
        said = f"the voice, {min(99, int(100 * (each.probability or 0)))} %{'' if each.counts else ' (does not count)'}"
    return each.session, each.date, each.speaker, round(each.seconds, 1), said
