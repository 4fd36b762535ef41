from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from diarization.diarizers import DiarizationConfig
from diarization.errors import ConfigError, WorkspaceError
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.masking import Mask, PrivacyConfig
from pipeline.sessions import Session
from pipeline.unmasking import assign_people, score_awaiting, unmask
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU, FAKES, write_tone

CONFIGS = pytest.mark.parametrize("config", [FAKES, BASELINE_FAKES], ids=["plain", "baseline"])


def masked(config: Config, *roles: str) -> Config:
    return config.model_copy(update={"privacy": PrivacyConfig(mask_roles=list(roles or ("agent",)))})


def analyze(path: Path, workspace: Workspace, config: Config, **options: object) -> Session:
    return analyze_recording(path, workspace, config, CPU, **options)  # type: ignore[arg-type]


def scored(session: Session, speaker: str) -> list[bool]:
    return session.turns.loc[session.turns["speaker"] == speaker, "scored"].tolist()


def reason(session: Session, speaker: str) -> str:
    (found,) = set(session.turns.loc[session.turns["speaker"] == speaker, "reason"])
    return str(found)


def traces(session: Session, speaker: str) -> list[bytes]:
    """What is stored of a speaker's emotions, as the bytes that it is stored as."""
    own = np.flatnonzero(session.turns["speaker"] == speaker)
    rows = [session.arrays.embeddings[each].astype("<f4").tobytes() for each in own]
    rows += [row.astype("<f4").tobytes() for each in own for row in session.frames_of(int(each))[1]]
    numbers = session.turns.loc[own, [*session.score_columns, "confidence", "valence"]].to_numpy()
    texts = [repr(float(each)).encode() for each in session.turns.loc[own, session.score_columns].to_numpy().flat]
    return rows + texts + [np.array(each, ">f8").tobytes() for each in numbers[:, -2:].flat]


def everything(workspace: Workspace) -> bytes:
    """All bytes of all files of the workspace, archives also unpacked."""
    content = []
    for file in sorted(workspace.path.rglob("*")):
        if file.is_file():
            content.append(file.read_bytes())
            if file.suffix == ".npz":
                with zipfile.ZipFile(io.BytesIO(content[-1])) as archive:
                    content += [archive.read(name) for name in archive.namelist()]
    return b"\0".join(content)


def test_a_mask_hides_its_roles_and_whoever_has_none() -> None:
    mask = Mask(frozenset({"agent"}))
    assert mask.reason("SPEAKER_00", "agent", "3f2a") == "masked: the role agent is not scored"
    assert mask.reason("SPEAKER_00", "customer", "3f2a") is None
    assert mask.reason("SPEAKER_00", None, "3f2a") == (
        "masked: nobody has said yet which role SPEAKER_00 has; say it with "
        "turntone sessions assign 3f2a SPEAKER_00=:ROLE"
    )
    assert Mask().reason("SPEAKER_00", None, "3f2a") is None


@CONFIGS
def test_nothing_is_computed_of_a_masked_role(workspace: Workspace, tone: Path, config: Config) -> None:
    roles = {"SPEAKER_00": "agent", "SPEAKER_01": "customer"}
    session = analyze(tone, workspace, masked(config), roles=roles)
    assert (set(scored(session, "SPEAKER_00")), set(scored(session, "SPEAKER_01"))) == ({False}, {True})
    assert reason(session, "SPEAKER_00") == "masked: the role agent is not scored"
    assert session.provenance["privacy"] == {"mask_roles": ["agent"]}
    assert any(note.startswith("Masked here: agent, and whoever has no role.") for note in session.notes)
    assert session.turns.loc[session.turns["speaker"] == "SPEAKER_00", "emotion"].isna().all()


@CONFIGS
def test_without_a_role_nobody_is_scored_until_somebody_says_who_it_is(
    workspace: Workspace, tone: Path, config: Config
) -> None:
    session = analyze(tone, workspace, masked(config))
    assert not session.turns["scored"].any()
    assert not CALLS["recognize"] and not CALLS["measure"]
    assert reason(session, "SPEAKER_01").endswith(f"turntone sessions assign {session.id} SPEAKER_01=:ROLE")
    (named, *_) = assign_people(workspace, session.id, {"SPEAKER_01": ("Carla", "customer")}, CPU)
    assert (set(scored(named, "SPEAKER_00")), set(scored(named, "SPEAKER_01"))) == ({False}, {True})
    plain = analyze(tone, Workspace(workspace.path.with_name("plain")), config)
    own = (plain.turns["speaker"] == "SPEAKER_01").to_numpy()
    columns = named.score_columns
    np.testing.assert_allclose(named.turns.loc[own, columns], plain.turns.loc[own, columns], atol=2e-3)


@pytest.mark.local
@CONFIGS
def test_masking_later_leaves_no_byte_of_it_in_any_file(workspace: Workspace, tone: Path, config: Config) -> None:
    session = analyze(tone, workspace, config)
    workspace.assign(session.id, {"SPEAKER_00": ("Ada", "agent"), "SPEAKER_01": ("Carla", "customer")})
    session = workspace.session(session.id)
    hidden, shown = traces(session, "SPEAKER_00"), traces(session, "SPEAKER_01")
    before = everything(workspace)
    assert all(trace in before for trace in hidden + shown)
    (after,) = workspace.mask(["agent"], session.id)
    assert set(scored(after, "SPEAKER_00")) == {False}
    found = everything(workspace)
    assert [trace for trace in hidden if trace in found] == []
    assert any(trace in found for trace in traces(after, "SPEAKER_01"))
    assert workspace.check() == []


@CONFIGS
def test_giving_somebody_a_masked_role_purges_too(workspace: Workspace, tone: Path, config: Config) -> None:
    session = analyze(tone, workspace, masked(config), roles={"SPEAKER_00": "customer", "SPEAKER_01": "customer"})
    hidden = traces(session, "SPEAKER_00")
    (after,) = workspace.assign(session.id, {"SPEAKER_00": (None, "agent")})
    assert reason(after, "SPEAKER_00") == "masked: the role agent is not scored"
    assert not any(trace in everything(workspace) for trace in hidden)


@CONFIGS
def test_analysing_again_under_a_mask_purges_too(workspace: Workspace, tone: Path, config: Config) -> None:
    session = analyze(tone, workspace, config)
    hidden = traces(session, "SPEAKER_00") + traces(session, "SPEAKER_01")
    again = analyze(tone, workspace, masked(config))
    assert not again.turns["scored"].any()
    assert not any(trace in everything(workspace) for trace in hidden)


def test_a_case_stays_masked_without_the_preset(workspace: Workspace, tone: Path, tmp_path: Path) -> None:
    analyze(tone, workspace, masked(FAKES), case="Calls")
    other = analyze(write_tone(tmp_path / "other.wav", pitch=300), workspace, FAKES, case="Calls")
    assert not other.turns["scored"].any()
    assert other.provenance["privacy"] == {"mask_roles": ["agent"]}
    assert not analyze(tone, workspace, FAKES).turns["scored"].any()


def test_a_masked_session_masks_the_case_it_joins(workspace: Workspace, tone: Path, tmp_path: Path) -> None:
    first = analyze(tone, workspace, FAKES, case="Calls")
    hidden = traces(first, "SPEAKER_00")
    analyze(write_tone(tmp_path / "other.wav", pitch=300), workspace, masked(FAKES), case="Calls")
    assert not workspace.session(first.id).turns["scored"].any()
    assert not any(trace in everything(workspace) for trace in hidden)


@CONFIGS
def test_unmasking_is_deliberate_and_scores_from_the_kept_audio(
    workspace: Workspace, tone: Path, config: Config
) -> None:
    session = analyze(tone, workspace, masked(config), case="Calls")
    tone.unlink()
    (after,) = unmask(workspace, ["agent"], case="Calls", runtime=CPU)
    assert after.turns["scored"].all()
    assert after.provenance["privacy"] == {"mask_roles": []}
    assert (after.id, after.case) == (session.id, "Calls")


@pytest.mark.local
def test_without_the_audio_it_says_what_to_do(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, masked(FAKES))
    workspace.audio(session.id).unlink()
    with pytest.raises(WorkspaceError, match="no copy of its audio is kept; analyse the recording again"):
        assign_people(workspace, session.id, {"SPEAKER_00": (None, "customer")}, CPU)
    waiting = workspace.session(session.id)
    assert reason(waiting, "SPEAKER_00").startswith("not scored yet: ")
    assert scored(waiting, "SPEAKER_00") == [False] * 3


def test_scoring_what_waits_does_nothing_where_nothing_waits(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, FAKES)
    CALLS.clear()
    assert score_awaiting(workspace, session.id, CPU).turns["scored"].all()
    assert not CALLS


def test_a_mask_of_no_role_is_an_error(workspace: Workspace, tone: Path) -> None:
    with pytest.raises(ConfigError, match=r"privacy.mask_roles: 'agnt' is not a role, did you mean 'agent'\?"):
        analyze(tone, workspace, masked(FAKES, "agnt"))
    with pytest.raises(WorkspaceError, match="'agnt' is not a role"):
        workspace.mask(["agnt"], analyze(tone, workspace, FAKES).id)


def test_other_diarization_keeps_the_mask_and_forgets_the_roles(workspace: Workspace, tone: Path) -> None:
    analyze(tone, workspace, masked(FAKES), roles={"SPEAKER_00": "customer", "SPEAKER_01": "customer"})
    other = FAKES.model_copy(update={"diarization": DiarizationConfig(backend="fake", num_speakers=3)})
    assert not analyze(tone, workspace, other).turns["scored"].any()


def test_masking_later_leaves_no_pitch_or_level_of_it(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, FAKES)
    hidden = (session.turns["speaker"] == "SPEAKER_00").to_numpy()
    assert np.isfinite(session.arrays.voices).all()
    workspace.assign(session.id, {"SPEAKER_00": ("Ada", "agent"), "SPEAKER_01": ("Carla", "customer")})
    (after,) = workspace.mask(["agent"], session.id)
    assert np.isnan(after.arrays.voices[hidden]).all()
    assert np.isfinite(after.arrays.voices[~hidden]).all()
    levels = session.arrays.voices[hidden].astype("<f4")
    assert not any(row.tobytes() in everything(workspace) for row in levels)
