"""Scores turns that were masked and are no more, from the audio that the workspace keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diarization.audio import Sound
from diarization.diarizations import Diarization, diarization_of
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError, WorkspaceError
from diarization.quality import QualityMeter
from diarization.turns import turns_of

from .analysis import score_heard
from .config import Config, Runtime
from .engines import Engines
from .masking import AWAITING, mask_of
from .nonspeech import stretches_from, without_music
from .roles import channel_name
from .sessions import Session
from .stages.running import Run
from .stages.turns import HeardTurn, heard_turn, masked_turns
from .store.rows import plain
from .workspace import Workspace


def assign_people(
    workspace: Workspace,
    session: str,
    people: Mapping[str, tuple[str | None, str | None]],
    runtime: Runtime | None = None,
) -> list[Session]:
    """``Workspace.assign``, and then score whoever may be scored from now on.

    Raises
    ------
    WorkspaceError
        As ``Workspace.assign`` and ``score_awaiting``; who is who is then stored all the same.
    """
    changed = workspace.assign(session, people)
    return [score_awaiting(workspace, each.id, runtime) for each in changed]


def unmask(
    workspace: Workspace,
    roles: Iterable[str],
    session: str | None = None,
    case: str | None = None,
    runtime: Runtime | None = None,
) -> list[Session]:
    """``Workspace.unmask``, and then score whoever may be scored from now on."""
    return [score_awaiting(workspace, each.id, runtime) for each in workspace.unmask(roles, session, case)]


def score_awaiting(workspace: Workspace, session: str, runtime: Runtime | None = None) -> Session:
    """Score the turns of a session that wait for it, with the models and settings that it was analysed with.

    Parameters
    ----------
    workspace : Workspace
        Keeps the audio.
    session : str
        Its id, or how it begins.
    runtime : Runtime, optional
        The device.

    Returns
    -------
    Session
        As stored; the same one where no turn waits.

    Raises
    ------
    WorkspaceError
        Where the audio is not kept any more, or the recogniser is not here at that revision.
    """
    found = workspace.session(session, corrected=False)
    if not any((reason or "").startswith(AWAITING) for reason in found.turns["reason"]):
        return workspace.session(found.id)
    run = Run(_engines(workspace, found, runtime), workspace.cache, lambda _stage, _share: None)
    turns = _heard(found, _kept_sound(workspace, found), run, workspace.said_roles(found.id))
    scored = score_heard(turns[0], turns[1], run)
    analysis = replace(workspace.analysis(found.id), measured=scored.measured)
    arrays = replace(found.arrays, **scored.scored.arrays)
    provenance = found.provenance | {"baselines": plain(scored.baselines)}
    kept = ("speaker_confidence", "text")  # as the diarizer said, and the file of turns
    table = scored.scored.table.assign(**{name: found.turns[name] for name in kept})
    return workspace.save(replace(found, turns=table, arrays=arrays, provenance=provenance), analysis=analysis)


def _engines(workspace: Workspace, session: Session, runtime: Runtime | None) -> Engines:
    config = Config.model_validate(session.provenance["config"])
    if config.diarization.backend == "reference":  # its file may be gone, and nobody is diarized here
        config = config.model_copy(update={"diarization": DiarizationConfig(backend="embedded")})
    engines = Engines(config, runtime, own=workspace.own)
    known, here = workspace.analysis(session.id).models.get("recognizer"), engines.identity["recognizer"]
    if plain(known) != plain(here):
        raise WorkspaceError(
            f"session {session.id}: the recogniser it was analysed with is not here any more; analyse the recording "
            f"again: turntone analyze {session.recording.path}"
        )
    return engines


def _kept_sound(workspace: Workspace, session: Session) -> Sound:
    waveform, channels = workspace.kept_audio(session.id).waveform(), workspace.channels(session.id)
    if session.channels and channels is None:
        raise AudioError(f"session {session.id}: its channels are not kept; analyse the recording again")
    meter = QualityMeter()
    meter.add(waveform[:, None])
    return Sound(session.recording, waveform, meter.quality(waveform), channels.channels() if channels else None)


def _heard(session: Session, sound: Sound, run: Run, roles: Mapping[str, str | None]) -> tuple[list[HeardTurn], Sound]:
    """The session's turns as they were found, with what may be heard of them now."""
    diarization = _diarization(session)
    config = run.engines.config
    turns = turns_of(diarization, config.turns)
    stored = session.turns[["start", "end", "speaker"]].to_numpy().tolist()
    if [[turn.start, turn.end, turn.speaker] for turn in turns] != stored:
        raise WorkspaceError(f"session {session.id}: its turns were changed since; analyse the recording again")
    heard = [heard_turn(turn, sound, config.emotion, diarization.channel_of.get(turn.speaker)) for turn in turns]
    heard = without_music(heard, stretches_from(session.quality, session.recording.channels))
    return masked_turns(heard, mask_of(session.provenance).reasons(roles, session.id)), sound


def _diarization(session: Session) -> Diarization:
    rows: Sequence[list[Any]] = session.segments[["start", "end", "speaker"]].to_numpy().tolist()
    found = diarization_of([(start, end, speaker) for start, end, speaker in rows])
    count = session.recording.channels
    numbers = {channel_name(each, count): each for each in range(count)}
    return replace(found, channel_of={label: numbers[name] for label, name in session.channels.items()})
