from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.errors import ConfigError
from emotion.calibration import Calibration, scaled
from emotion.readout import UNCERTAIN
from emotion.recognizers import EmotionConfig
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.sessions import Session
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, FAKES, REVISIONS, SCHEME


def calibration(
    temperature: float, recognizer: str = "fake-recognizer", name: str = "fake", made: str = "1"
) -> Calibration:
    return Calibration(
        name, temperature, ((recognizer, REVISIONS[recognizer]),), SCHEME.labels, made, {"num_clips": 60}
    )


def with_emotion(config: Config, **values: object) -> Config:
    return config.model_copy(update={"emotion": EmotionConfig(backend=config.emotion.backend, **values)})  # type: ignore[arg-type]


def scores_of(session: Session) -> np.ndarray:
    return session.turns.loc[session.turns["scored"], session.score_columns].to_numpy(float)


def analyzed(tone: Path, workspace: Workspace, config: Config = FAKES) -> Session:
    return analyze_recording(tone, workspace, config, CPU)


@pytest.mark.parametrize(("config", "recognizer"), [(FAKES, "fake-recognizer"), (BASELINE_FAKES, "fake-baseline")])
def test_an_analysis_is_calibrated_as_a_stored_session_is(
    tone: Path, workspace: Workspace, tmp_path: Path, config: Config, recognizer: str
) -> None:
    plainly = analyzed(tone, workspace, config)
    changed = workspace.calibrate(calibration(2.0, recognizer))
    assert changed == [plainly.id]
    stored = workspace.session(plainly.id)
    assert scores_of(stored) == pytest.approx(scaled(scores_of(plainly), 2.0), abs=1e-6)

    other = Workspace(tmp_path / "other")
    other.calibrate(calibration(2.0, recognizer))
    fresh = analyzed(tone, other, config)
    assert scores_of(fresh) == pytest.approx(scores_of(stored), abs=1e-6)
    assert fresh.turns["emotion"].tolist() == stored.turns["emotion"].tolist()
    assert fresh.provenance["calibration"] == stored.provenance["calibration"]
    assert any("calibrated with 'fake' (temperature 2.00, measured on 60 clips)" in note for note in fresh.notes)


def test_a_session_goes_back_to_what_it_was_when_its_calibration_is_deleted(tone: Path, workspace: Workspace) -> None:
    plainly = analyzed(tone, workspace)
    workspace.calibrate(calibration(0.5))
    workspace.calibrate(calibration(4.0))
    assert workspace.forget_calibration("fake") == [plainly.id]
    back = workspace.session(plainly.id)
    assert scores_of(back) == pytest.approx(scores_of(plainly), abs=1e-6)
    assert back.provenance["calibration"] is None
    assert back.turns["valence"].to_numpy(float) == pytest.approx(plainly.turns["valence"].to_numpy(float), nan_ok=True)


def test_who_is_who_keeps_the_calibration(tone: Path, workspace: Workspace) -> None:
    workspace.calibrate(calibration(3.0, "fake-baseline"))
    before = analyzed(tone, workspace, BASELINE_FAKES)
    (after,) = workspace.assign(before.id, {"SPEAKER_00": ("Anna", "client")})
    assert scores_of(after) == pytest.approx(scores_of(before), abs=1e-6)
    assert after.provenance["calibration"]["temperature"] == 3.0


def test_a_calibration_turned_off_is_left_off(tone: Path, workspace: Workspace) -> None:
    workspace.calibrate(calibration(2.0))
    off = analyzed(tone, workspace, with_emotion(FAKES, calibration="none"))
    assert off.provenance["calibration"] is None
    assert workspace.calibrate(calibration(3.0)) == []
    assert scores_of(workspace.session(off.id)) == pytest.approx(scores_of(off))


def test_another_temperature_is_another_analysis_from_the_cache(tone: Path, workspace: Workspace) -> None:
    analyzed(tone, workspace)
    workspace.own.keep_calibration(calibration(2.0))
    again = analyzed(tone, workspace)
    assert again.provenance["calibration"]["temperature"] == 2.0
    assert set(again.provenance["cached"]) == {"diarize", "recognize"}


def test_auto_takes_the_newest_that_fits(tone: Path, workspace: Workspace) -> None:
    for name, made, temperature in (("old", "2026-01-01", 2.0), ("new", "2026-02-01", 3.0)):
        workspace.own.keep_calibration(calibration(temperature, name=name, made=made))
    assert analyzed(tone, workspace).provenance["calibration"]["name"] == "new"
    named = analyzed(tone, workspace, with_emotion(FAKES, calibration="old"))
    assert named.provenance["calibration"]["temperature"] == 2.0


def test_a_calibration_of_another_revision_is_not_applied(tone: Path, workspace: Workspace) -> None:
    workspace.own.keep_calibration(calibration(2.0))
    REVISIONS["fake-recognizer"] = "2"
    session = analyzed(tone, workspace)
    assert session.provenance["calibration"] is None
    assert "calibration: none, as 'fake' was measured on another revision" in session.provenance["choices"][-1]
    with pytest.raises(ConfigError, match="'fake' was measured on fake-recognizer 1, not on fake-recognizer 2"):
        analyzed(tone, workspace, with_emotion(FAKES, calibration="fake"))
    with pytest.raises(ConfigError, match="no calibration is called 'fqke', did you mean 'fake'"):
        analyzed(tone, workspace, with_emotion(FAKES, calibration="fqke"))


def test_uncertain_turns_keep_their_scores(tone: Path, workspace: Workspace) -> None:
    session = analyzed(tone, workspace, with_emotion(FAKES, uncertain_below=1.0))
    scored = session.turns[session.turns["scored"]]
    assert set(scored["emotion"]) == {UNCERTAIN}
    assert scored["reason"].str.endswith("at least 1 is needed").all()
    assert scored["confidence"].between(0, 1).all()
    assert scores_of(session).sum(axis=1) == pytest.approx(1)
    assert any(f"{len(scored)} of {len(scored)} scored turns are uncertain" in note for note in session.notes)
    shown = session.to_json()["turns"][0]
    assert (shown["emotion"], shown["scored"]) == ("uncertain", True)
    assert set(shown["scores"]) == set(SCHEME.labels)


def test_bounds_of_a_session_hold_on_when_it_is_calibrated(tone: Path, workspace: Workspace) -> None:
    session = analyzed(tone, workspace, with_emotion(FAKES, uncertain_below=1.0))
    workspace.calibrate(calibration(0.5))
    assert set(workspace.session(session.id).turns["emotion"].dropna()) == {UNCERTAIN}
