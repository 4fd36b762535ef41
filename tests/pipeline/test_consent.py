"""Consent, to the analysis and to the voiceprint apart; and names that are not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.errors import ConfigError, FormatError, WorkspaceError
from diarization.identity import Voice, VoiceEncoder
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.manifest import Planned, read_manifest
from pipeline.masking import PrivacyConfig
from pipeline.participants import HeardVoice, Participants
from pipeline.privacy import NO_CONSENT
from pipeline.settings import load_config
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, write_tone

PEOPLE = {"SPEAKER_00": "Zerubbabel:client", "SPEAKER_01": "Ben:counsellor"}
BOTH = {"Zerubbabel": "yes", "Ben": "yes"}


def with_privacy(**settings: object) -> Config:
    return BASELINE_FAKES.model_copy(update={"privacy": PrivacyConfig(**settings)})  # type: ignore[arg-type]


REQUIRED = with_privacy(consent="require")


def known_voices(workspace: Workspace, session_id: str) -> list[bool]:
    return np.isfinite(workspace.session(session_id).arrays.speaker_embeddings).all(axis=1).tolist()


def test_clinics_and_call_centres_want_consent_and_the_plain_preset_reminds() -> None:
    modes = {name: load_config(name).privacy.consent for name in ("counselling", "call-centre", "default")}
    assert modes == {"counselling": "require", "call-centre": "require", "default": "remind"}


def test_where_it_is_required_nothing_is_analysed_without_it(workspace: Workspace, tone: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"tone\.wav: not analysed, as nobody has said that those who speak in it consent"
    ):
        analyze_recording(tone, workspace, REQUIRED, CPU)
    assert workspace.sessions() == []
    session = analyze_recording(tone, workspace, REQUIRED, CPU, about={"consent": "yes"})
    assert known_voices(workspace, session.id) == [True, True]
    assert NO_CONSENT not in session.notes
    assert analyze_recording(tone, workspace, REQUIRED, CPU).id == session.id  # it was said once


def test_consent_to_the_analysis_alone_leaves_no_voice(workspace: Workspace, tone: Path) -> None:
    session = analyze_recording(tone, workspace, REQUIRED, CPU, about={"consent": "analysis"})
    assert known_voices(workspace, session.id) == [False, False]
    assert list((workspace.path / "cache").rglob("diarize-*")) == []
    assert session.turns["scored"].all()


def test_whoever_refuses_is_not_analysed_whatever_the_setting(workspace: Workspace, tone: Path) -> None:
    with pytest.raises(ConfigError, match="as those who speak in it do not consent to it"):
        analyze_recording(tone, workspace, BASELINE_FAKES, CPU, about={"consent": "no"})
    first = analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Demo", roles=PEOPLE)
    Participants(workspace).consent("Ben", analysis=False)
    other = write_tone(tone.with_name("other.wav"), pitch=300)
    with pytest.raises(ConfigError, match=r"other\.wav: not analysed, as Ben did not consent to it"):
        analyze_recording(other, workspace, BASELINE_FAKES, CPU, "Demo", roles=PEOPLE)
    assert [each.id for each in workspace.sessions()] == [first.id]


def test_the_plain_preset_reminds_until_everybody_consents(workspace: Workspace, tone: Path) -> None:
    session = analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Demo", roles=PEOPLE)
    assert NO_CONSENT in session.notes
    people = Participants(workspace)
    people.consent("Ben", analysis=True)
    assert NO_CONSENT in workspace.session(session.id).notes
    people.consent("Zerubbabel", analysis=True)
    assert NO_CONSENT not in workspace.session(session.id).notes
    silent = analyze_recording(tone.with_name("tone.wav"), workspace, with_privacy(consent="off"), CPU)
    assert NO_CONSENT not in silent.notes


def test_known_consent_of_all_who_are_named_is_enough(workspace: Workspace, tone: Path) -> None:
    analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Demo", roles=PEOPLE, consents=BOTH)
    other = write_tone(tone.with_name("other.wav"), pitch=300)
    session = analyze_recording(other, workspace, REQUIRED, CPU, "Demo", roles=PEOPLE)
    assert session.speakers["participant"].tolist() == ["Zerubbabel", "Ben"]


def test_a_voiceprint_that_is_refused_goes_everywhere_and_comes_back_nowhere(workspace: Workspace, tone: Path) -> None:
    session = analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Demo", roles=PEOPLE)
    voice = session.arrays.speaker_embeddings[0].tobytes()
    people = Participants(workspace)
    heard = HeardVoice("z.wav", Voice(np.ones(8, np.float32), 9.0), VoiceEncoder("fake", "1"))
    people.enroll("Zerubbabel", [heard], "Demo")
    assert people.consent("Zerubbabel", voiceprint=False).consent_voiceprint is False
    assert known_voices(workspace, session.id) == [False, True]
    assert people.show("Zerubbabel").enrolments == ()
    files = [path for path in workspace.path.rglob("*") if path.is_file()]
    assert [path.name for path in files if voice in path.read_bytes()] == []
    with pytest.raises(WorkspaceError, match="Zerubbabel does not consent to being known by voice"):
        people.enroll("Zerubbabel", [heard], "Demo")
    other = analyze_recording(write_tone(tone.with_name("b.wav"), pitch=300), workspace, BASELINE_FAKES, CPU, "Demo")
    workspace.assign(other.id, {"SPEAKER_01": ("Zerubbabel", "client")})
    assert known_voices(workspace, other.id) == [True, False]
    assert list((workspace.path / "cache" / other.recording.id).glob("diarize-*")) == []


def test_a_manifest_says_it_of_all_or_of_each(tmp_path: Path, workspace: Workspace) -> None:
    for name, pitch in (("a", 200.0), ("b", 300.0), ("c", 400.0)):
        write_tone(tmp_path / f"{name}.wav", pitch=pitch)
    table = tmp_path / "calls.csv"
    rows = [
        "path,case,participants,consent",
        "a.wav,Demo,SPEAKER_00=Anna; SPEAKER_01=Ben,Anna=yes; Ben=analysis",
        "b.wav,Demo,,Analysis",
        "c.wav,Demo,SPEAKER_00=Cem,Cem=no",
    ]
    table.write_text("\n".join(rows))
    planned = read_manifest(table)
    assert [(each.consent, each.consents) for each in planned] == [
        (None, {"Anna": "yes", "Ben": "analysis"}), ("analysis", {}), (None, {"Cem": "no"}),
    ]  # fmt: skip
    batch = submit_batch(workspace, planned, REQUIRED, CPU)
    assert batch.refused == [f"{tmp_path / 'c.wav'}: not analysed, as there is no consent to it"]
    jobs = work_batch(workspace, batch)
    assert [job.state for job in jobs] == ["done", "done"], [job.reason for job in jobs]
    known = {each.name: (each.consent_analysis, each.consent_voiceprint) for each in Participants(workspace).all()}
    assert known == {"Anna": (True, True), "Ben": (True, False)}
    assert known_voices(workspace, str(jobs[0].session)) == [True, False]
    for bad, said in (
        ("maybe", "consent is 'maybe'; accepted are yes"),
        ("Dora=yes", "Dora is none of the participants"),
    ):
        table.write_text(f"path,participants,consent\na.wav,SPEAKER_00=Anna,{bad}")
        with pytest.raises(FormatError, match=said):
            read_manifest(table)


def test_with_pseudonyms_no_name_is_in_any_byte(workspace: Workspace, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "Zerubbabel-first.wav")
    config = with_privacy(pseudonyms=True)
    planned = Planned(path, "C-17", None, dict(PEOPLE), consents=dict(BOTH))
    (job,) = work_batch(workspace, submit_batch(workspace, [planned], config, CPU))
    assert job.state == "done"
    session = workspace.session(str(job.session))
    assert session.recording.path.name == f"recording-{session.recording.id[:8]}"
    first, second = session.speakers["participant"]
    assert first.startswith("person-") and second.startswith("person-") and first != second
    workspace.assign(session.id, {"SPEAKER_00": ("Zerubbabel", "client")})
    assert workspace.session(session.id).speakers["participant"].tolist() == [first, second]
    people = Participants(workspace)
    assert people.show("Zerubbabel").name == first
    assert people.show("Zerubbabel").consent_analysis is True
    people.rename("Zerubbabel", "Habakkuk")
    files = [each for each in workspace.path.rglob("*") if each.is_file()]
    for name in (b"Zerubbabel", b"Habakkuk", b"Ben", str(tmp_path).encode()):
        assert [each.name for each in files if name in each.read_bytes()] == []


def test_the_same_person_has_one_pseudonym_in_a_case_and_another_elsewhere(
    workspace: Workspace, tmp_path: Path
) -> None:
    config = with_privacy(pseudonyms=True)
    names = []
    for pitch, case in ((200.0, "A"), (300.0, "A"), (400.0, "B"), (500.0, None)):
        path = write_tone(tmp_path / f"{pitch}.wav", pitch=pitch)
        session = analyze_recording(path, workspace, config, CPU, case, roles=PEOPLE)
        names.append(session.speakers["participant"].tolist()[0])
    assert names[0] == names[1] and len(set(names)) == 3
