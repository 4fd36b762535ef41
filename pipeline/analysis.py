"""Turns recordings into sessions: through the stages, past what is already known, into the workspace."""

from __future__ import annotations

import datetime
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diarization.audio import Sound, hash_file, peaks, read
from diarization.decoding_apart import prepare
from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig
from diarization.errors import ConfigError, TurntoneError
from diarization.reference_diarizer import ReferenceDiarizer
from emotion.recognizers import BaselineRecognizer

from .channels import ChannelChoice, choose_channels
from .config import Config, Runtime
from .consent import (
    Consent,
    about_of,
    check_consent,
    consents_of,
    keep_consents,
    mute_voices,
    names_in,
    parse_consent,
    without_voiceprint,
)
from .engines import Engines
from .masking import Mask, PrivacyConfig, mask_of, mask_problem
from .naming import Naming
from .nonspeech import find_stretches, only_speakers, stretch_notes, without_music
from .provenance import provenance_of
from .roles import parse_person
from .scoring import MeasuredVoices, ScoredTurns, baseline_notes, recognize_measured, score_turns, session_baselines
from .sessions import Session, SessionArrays, segments_table, speakers_table
from .stages.diarize import diarization_key, diarize
from .stages.recognize import measure, recognize
from .stages.running import STAGES, Progress, Run, stage_key
from .stages.turns import HeardTurn, find_turns, masked_turns
from .stages.voices import turn_voices
from .store.encryption import needed_key
from .store.kept_audio import Keeping
from .store.loading import Analysis
from .store.people import clean_name
from .store.rows import plain
from .texts import settle_texts, with_texts
from .workspace import KnownSession, Workspace, session_id

__all__ = ["STAGES", "Progress", "analyze_many", "analyze_recording", "distinct_recordings"]

_LOG = logging.getLogger(__name__)


def analyze_recording(
    path: Path | str,
    workspace: Workspace,
    config: Config | None = None,
    runtime: Runtime | None = None,
    case: str | None = None,
    date: datetime.date | None = None,
    progress: Progress | None = None,
    roles: Mapping[str, str] | None = None,
    about: Mapping[str, str] | None = None,
    consents: Mapping[str, str] | None = None,
) -> Session:
    """Analyse one recording and keep its session.

    What was found before is not found again: with the same settings and models nothing runs, and a note says so; with
    others only the stages that they concern. A recording has one session. One that is analysed again keeps its case
    and date where none are given, moves where another is, and keeps its participants where its speakers are the same.

    Parameters
    ----------
    path : Path or str
        The audio file.
    workspace : Workspace
        Created where it does not exist yet.
    config, runtime : Config and Runtime, optional
        The defaults where left out.
    case : str, optional
        Name of the case; it begins with its first session, and the models of that one are its models.
    date : datetime.date, optional
        Day of the conversation.
    progress : callable, optional
        Called with one of ``STAGES`` and the share of it that is done.
    roles : mapping, optional
        A role, or ``PARTICIPANT:ROLE``, by speaker label, over what ``diarization.channels`` says.
    about : mapping, optional
        What else is known of the recording, as language and consent (``pipeline.consent.CONSENTS``, of all who speak
        in it); kept in the provenance.
    consents : mapping, optional
        What participants consent to, by name; kept with them.

    Returns
    -------
    Session
        As stored.

    Raises
    ------
    AudioError
        Where the file cannot be read as audio.
    ModelError
        Where a model is not on disk.
    ConfigError
        Where a setting names what does not exist here, or somebody does not consent.
    WorkspaceError
        Where the workspace cannot be read or written. Whatever is raised, also KeyboardInterrupt, the workspace is as
        it was.
    """
    path = Path(path)
    case = clean_name(case, "case") if case is not None else None
    workspace.check_usable()
    recording_id = _recording_id(path)
    known = workspace.of_recording(recording_id)
    if known and case is None:
        case = known.case
    engines = Engines(config or Config(), runtime, workspace.pinned(case), case, path, workspace.own)
    for choice in engines.choices():
        _LOG.info("%s", choice)
    progress = progress or _silent
    key, mask = _analysis_key(engines), _mask(engines.config, workspace, recording_id, case)
    keeping = keeping_of(engines.config.privacy)
    people = _consenting(engines.config, workspace, path, case, roles or {}, about or {}, consents or {}, known)
    if known and known.whole and known.analysis_key == key:
        for stage in STAGES:
            progress(stage, 1.0)
        naming = Naming(engines.config.diarization.channels, roles)
        session = _nothing_to_do(workspace, known, path, case, date, naming, mask, runtime)
        session = workspace.keep_audio_as(session, keeping)
        session = settle_texts(workspace, session, engines)
        rematched = workspace.match_again(session.case, engines.config.identity) if session.case else []
        found = next((each for each in rematched if each.id == session.id), session)
        keep_consents(workspace, session.case, consents or {})
        return replace(found, notes=tuple(dict.fromkeys((*found.notes, *session.notes[-1:]))))
    prepare()
    run = Run(engines, workspace.cache, progress)
    session = _analyze(path, workspace, run, key, case, date, roles or {}, mask, about or {}, people)
    if consents:
        keep_consents(workspace, case, consents)
        session = workspace.session(session.id)
    return session


def analyze_kept(
    sound: Sound,
    workspace: Workspace,
    config: Config,
    runtime: Runtime | None = None,
    case: str | None = None,
    date: datetime.date | None = None,
    quality: Mapping[str, Any] | None = None,
    about: Mapping[str, str] | None = None,
) -> Session:
    """Analyse a recording again whose file is gone, from the sound that a workspace has kept of it.

    Parameters
    ----------
    sound : Sound
        With the facts of the recording as they were.
    workspace, config, runtime, case, date
        As for ``analyze_recording``.
    about : mapping, optional
        As for ``analyze_recording``.
    quality : mapping, optional
        What was noted of the sound of the file itself, which stays.
    """
    engines = Engines(config, runtime, workspace.pinned(case), case, sound.recording.path, workspace.own)
    run = Run(engines, workspace.cache, _silent)
    key, mask = _analysis_key(engines), _mask(engines.config, workspace, sound.recording.id, case)
    return _analyze(sound, workspace, run, key, case, date, {}, mask, about or {}, {}, quality)


def analyze_many(
    paths: Iterable[Path | str],
    workspace: Workspace,
    config: Config | None = None,
    runtime: Runtime | None = None,
    case: str | None = None,
    date: datetime.date | None = None,
    progress: Progress | None = None,
    roles: Mapping[str, str] | None = None,
    about: Mapping[str, str] | None = None,
    consents: Mapping[str, str] | None = None,
) -> Iterator[Session | TurntoneError]:
    """Analyse recordings one after the other; what is wrong with one does not keep the others.

    Parameters
    ----------
    paths : iterable of Path or str
        Audio files. Those with the same bytes are one recording, under the first of their names.
    workspace, config, runtime, case, date, progress, roles, about, consents
        As for ``analyze_recording``.

    Yields
    ------
    Session or TurntoneError
        For each recording in order, its session, or the error that its analysis ended with.
    """
    for path, *others in distinct_recordings([Path(path) for path in paths]):
        try:
            session = analyze_recording(path, workspace, config, runtime, case, date, progress, roles, about, consents)
        except TurntoneError as error:
            yield error
        except Exception as error:
            _LOG.debug("%s", path, exc_info=True)
            yield _unexpected(path, error)
        else:
            notes = [f"{other} has the same bytes as {path.name}: one recording, one session." for other in others]
            yield replace(session, notes=(*session.notes, *notes))


def _consenting(
    config: Config,
    workspace: Workspace,
    path: Path,
    case: str | None,
    roles: Mapping[str, str],
    about: Mapping[str, str],
    consents: Mapping[str, str],
    known: KnownSession | None,
) -> dict[str, Consent]:
    """What those who are named have said, by name; raises where they do not consent as the settings want it.

    Of a recording that was analysed before, those count as well who were named then.
    """
    people_named = (parse_person(each)[0] for each in (*config.diarization.channels.values(), *roles.values()))
    named = {name for name in people_named if name is not None}
    with workspace.reading() as connection:
        earlier = names_in(connection, known.id) if known else set()
        said = consents_of(connection, case, named | earlier)
        whole = about.get("consent") or (known and about_of(connection, known.id).get("consent"))
    people = {name: said.get(name, Consent()) for name in named | earlier}
    people |= {name: parse_consent(text) for name, text in consents.items()}
    check_consent(config.privacy.consent, whole or None, people, path.name)
    return people


def keeping_of(privacy: PrivacyConfig) -> Keeping:
    """How audio is kept by the settings.

    Raises
    ------
    ConfigError
        Where it is to be encrypted and there is no key.
    """
    if privacy.keep_audio and privacy.encrypt_audio:
        needed_key()
    return Keeping(privacy.keep_audio, privacy.encrypt_audio)


def _silent(_stage: str, _share: float) -> None:
    """Progress that nobody follows."""


def distinct_recordings(paths: Sequence[Path]) -> list[list[Path]]:
    """Each recording once: the paths in groups whose files have the same bytes, in order.

    Only files of the same size are read for it; one that cannot be read is a group of its own.
    """
    sizes = [_size(path) for path in paths]
    shared = Counter(sizes)
    groups: dict[str, list[Path]] = {}
    for path, size in zip(paths, sizes, strict=True):
        alone = size is None or shared[size] == 1
        groups.setdefault(str(path) if alone else _hash_or_name(path), []).append(path)
    return [list(dict.fromkeys(group)) for group in groups.values()]


def _mask(config: Config, workspace: Workspace, recording_id: str, case: str | None) -> Mask:
    """The masks of the settings, of the case and of the recording's earlier session, together."""
    if problem := mask_problem(config.privacy.mask_roles):
        raise ConfigError(f"privacy.mask_roles: {problem}")
    return Mask(frozenset(config.privacy.mask_roles)) | workspace.mask_of(recording_id, case)


def _recording_id(path: Path) -> str:
    with suppress(OSError):
        if path.is_file():
            return hash_file(path)
    return read(path).recording.id  # says what is wrong with it


def _analysis_key(engines: Engines) -> str:
    settings = {
        "diarization": diarization_key(engines),
        "may_hear_channels": engines.may_hear_channels,
        "turns": engines.config.turns.model_dump(),
        "emotion": engines.config.emotion.model_dump(exclude={"backend", "calibration"}),
        "readout": engines.readout_key,
    }
    return stage_key("analysis", engines.models["recognizer"], settings)


def _nothing_to_do(
    workspace: Workspace,
    known: KnownSession,
    path: Path,
    case: str | None,
    date: datetime.date | None,
    naming: Naming,
    mask: Mask,
    runtime: Runtime | None,
) -> Session:
    """The session as it is, with the case and the date given, and the path where the earlier one leads nowhere."""
    session = workspace.session(known.id)
    earlier = session.recording.path
    under = "" if earlier.name == path.name else f" as {earlier.name}"
    note = f"Nothing to do: {path.name} was analysed before{under} with the same settings and models."
    _LOG.info("%s", note)
    moved = path if _size(earlier) is None else None
    if moved or case != known.case or (date and date != known.date):
        session = workspace.refile(known.id, case, date, moved)
    if not mask.roles <= mask_of(session.provenance).roles:
        session = next(each for each in workspace.mask(mask.roles, session.id) if each.id == session.id)
    if people := naming.changes(session):
        from .unmasking import assign_people  # which scores as this module does

        session = assign_people(workspace, session.id, people, runtime)[0]
    return replace(session, notes=(*session.notes, note))


def _analyze(
    given: Path | Sound,
    workspace: Workspace,
    run: Run,
    key: str,
    case: str | None,
    date: datetime.date | None,
    roles: Mapping[str, str],
    mask: Mask,
    about: Mapping[str, str],
    consents: Mapping[str, Consent],
    quality: Mapping[str, Any] | None = None,
) -> Session:
    with run.stage("read") as report:
        sound = given if isinstance(given, Sound) else read(given, report)
    choice = choose_channels(sound, run)
    found_speakers = diarize(sound, run)
    own_channels = sorted(set(found_speakers.channel_of.values()))
    stretches = find_stretches(sound, own_channels) if run.engines.config.turns.skip_music else []
    diarization = only_speakers(found_speakers, stretches)
    people = Naming(run.engines.config.diarization.channels, roles).people(diarization, sound.recording.channels)
    names = {label: name for label, (name, _) in people.items()}
    mode = run.engines.config.privacy.consent
    voiceless = without_voiceprint(mode, about.get("consent"), diarization.speakers, names, consents)
    diarization = mute_voices(diarization, voiceless)
    known = workspace.roles_of(sound.recording.id, diarization_key(run.engines))
    said = {label: people.get(label, (None, known.get(label)))[1] for label in diarization.speakers}
    reasons = mask.reasons(said, session_id(sound.recording.id, case))
    turns = masked_turns(without_music(find_turns(diarization, sound, run), stretches), reasons)
    found = score_heard(turns, sound, run)
    analysis = Analysis(run.engines.identity, key, diarization_key(run.engines), found.measured)
    session = _session(sound, diarization, found, run, case, date, choice, people)
    session = replace(
        session,
        turns=with_texts(session.turns, run.engines),
        arrays=replace(session.arrays, voices=turn_voices(turns, sound, run)),
        provenance=session.provenance | {"privacy": mask.to_json()} | ({"about": dict(about)} if about else {}),
        quality=dict(quality or session.quality)
        | {"stretches": [each.to_json(sound.recording.channels) for each in stretches]},
        notes=(*session.notes, *stretch_notes(stretches)),
    )
    with run.stage("save"):
        channels = sound.channels if choice.used else None
        config = run.engines.config
        if voiceless:
            workspace.cache.forget_stage(sound.recording.id, "diarize")
        return workspace.save(session, sound.waveform, analysis, channels, config.identity, keeping_of(config.privacy))


@dataclass(frozen=True)
class Scoring:
    """Scored turns, and for a baseline recogniser what they stand on."""

    scored: ScoredTurns
    baselines: list[dict[str, Any]]
    measured: MeasuredVoices | None = None


def score_heard(turns: Sequence[HeardTurn], sound: Sound, run: Run) -> Scoring:
    """Score turns that were heard; for a baseline recogniser each speaker relative to this recording."""
    recognizer = run.engines.recognizer
    windows = [turn.windows for turn in turns]
    rows = [_turn_row(turn) for turn in turns]
    if not isinstance(recognizer, BaselineRecognizer):
        recognitions = recognize(turns, sound, run)
        return Scoring(score_turns(rows, run.engines.readout, windows, recognitions), [])
    speakers = [turn.turn.speaker for turn in turns]
    measured = MeasuredVoices(windows, measure(turns, sound, run))
    baselines = session_baselines(recognizer, measured, speakers)
    recognitions = recognize_measured(recognizer, measured, speakers, baselines)
    scored = score_turns(rows, run.engines.readout, windows, recognitions)
    return Scoring(scored, baseline_notes(baselines, {}), measured)


def _turn_row(heard: HeardTurn) -> dict[str, Any]:
    turn = heard.turn
    return {
        "start": turn.start,
        "end": turn.end,
        "speaker": turn.speaker,
        "speaker_confidence": turn.speaker_confidence,
        "overlap": turn.overlap,
        "reason": heard.speech.reason,
    }


def _session(
    sound: Sound,
    diarization: Diarization,
    found: Scoring,
    run: Run,
    case: str | None,
    date: datetime.date | None,
    choice: ChannelChoice,
    people: Mapping[str, tuple[str | None, str | None]],
) -> Session:
    channels = choice.provenance(diarization, sound.recording.channels)
    return Session(
        id=session_id(sound.recording.id, case),
        case=case,
        date=date,
        recording=sound.recording,
        scheme=run.engines.readout.scheme,
        speakers=speakers_table([_speaker_row(each, diarization, people) for each in diarization.speakers]),
        segments=segments_table([(each.segment, each.speaker) for each in diarization.segments]),
        turns=found.scored.table,
        quality=plain(sound.quality.to_json()),
        provenance=provenance_of(sound.recording, run)
        | {"baselines": plain(found.baselines)}
        | ({} if channels is None else {"channels": channels}),
        arrays=SessionArrays(
            **found.scored.arrays,
            speaker_embeddings=diarization.embeddings,
            peaks=peaks(sound.waveform),
        ),
        notes=(*sound.quality.notes(), *choice.notes, *_turn_notes(diarization, run)),
        speaker_count=None if diarization.count is None else diarization.count.to_json(),
    )


def _speaker_row(
    label: str, diarization: Diarization, people: Mapping[str, tuple[str | None, str | None]]
) -> dict[str, Any]:
    participant, role = people.get(label, (None, None))
    return {"label": label, "participant": participant, "role": role, "talk_time": diarization.talk_time(label)}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _hash_or_name(path: Path) -> str:
    try:
        return hash_file(path)
    except TurntoneError:
        return str(path)


def _unexpected(path: Path, error: Exception) -> TurntoneError:
    said = str(error).strip().split("\n")[0] or "no message"
    wrapped = TurntoneError(
        f"{path}: the analysis failed unexpectedly ({type(error).__name__}: {said}); nothing was stored"
    )
    wrapped.__cause__ = error
    return wrapped


def _turn_notes(diarization: Diarization, run: Run) -> tuple[str, ...]:
    """Where the turns come from, if not from listening; else whether as many speakers were found as asked for."""
    diarizer = run.engines.diarizer
    if isinstance(diarizer, ReferenceDiarizer):
        return diarizer.notes()
    return (*diarization.notes, *_count_notes(diarization, run.engines.config.diarization))


def _count_notes(diarization: Diarization, config: DiarizationConfig) -> tuple[str, ...]:
    """A sentence where fewer speakers were found than were asked for."""
    found, least = len(diarization.speakers), config.num_speakers or config.min_speakers or 0
    if not found or found >= least:
        return ()
    asked = f"{least} speakers were" if config.num_speakers else f"At least {least} speakers were"
    return (f"{asked} asked for, but only {found} could be told apart by their voices.",)
