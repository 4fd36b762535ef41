from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from diarization.audio import read_channels
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError, ConfigError
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.sessions import Session
from pipeline.workspace import Workspace
from tests.calls import call, music
from tests.fakes import CALLS, CPU, FAKES, write_tone

pytestmark = pytest.mark.usefixtures("embedded_models")
AUTO = FAKES.model_copy(update={"diarization": DiarizationConfig()})


def named(**channels: str) -> Config:
    return FAKES.model_copy(update={"diarization": DiarizationConfig(channels=channels)})


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    samples, _ = call(1, num_turns=6)
    soundfile.write(tmp_path / "call.wav", samples, 16_000)
    return tmp_path / "call.wav"


def analyze(path: Path, workspace: Workspace, config: Config = AUTO, **options: object) -> Session:
    return analyze_recording(path, workspace, config, CPU, **options)  # type: ignore[arg-type]


def test_auto_hears_the_parties_on_their_channels_and_says_so(workspace: Workspace, stereo: Path) -> None:
    session = analyze(stereo, workspace, case="Anna")
    assert session.channels == {"SPEAKER_00": "left", "SPEAKER_01": "right"}
    assert [each["channel"] for each in session.to_json()["speakers"]] == ["left", "right"]
    assert any(note.startswith("The speakers were told apart by their channels: one") for note in session.notes)
    assert session.provenance["diarizer"]["name"] == "channels"
    assert session.provenance["channels"]["layout"]["kind"] == "parties"
    assert session.provenance["choices"][0].startswith("diarization: channels, one party a channel")
    pinned = workspace.pinned("Anna")
    assert pinned is not None
    assert pinned["diarizer"]["backend"] == "embedded"  # a mono recording may follow


def test_each_turn_is_scored_from_its_speakers_own_channel(workspace: Workspace, tmp_path: Path) -> None:
    samples, _ = call(1, num_turns=6)
    soundfile.write(tmp_path / "one.wav", samples, 16_000)
    samples[:, 1] *= 0.5
    soundfile.write(tmp_path / "two.wav", samples, 16_000)
    one, two = analyze(tmp_path / "one.wav", workspace), analyze(tmp_path / "two.wav", workspace)
    left = (one.turns["speaker"] == "SPEAKER_00").to_numpy() & (one.turns["overlap"] > 0.01).to_numpy()
    same = (one.turns["start"] == two.turns["start"]).to_numpy()
    np.testing.assert_allclose(
        one.arrays.embeddings[same & ~left][:, 1], two.arrays.embeddings[same & ~left][:, 1], atol=0.2
    )
    quieter = (one.turns["speaker"] == "SPEAKER_01").to_numpy() & same
    # The fake recogniser's first feature is the level: of the right party alone it falls by log10(2).
    fall = one.arrays.embeddings[:, 0] - two.arrays.embeddings[:, 0]
    np.testing.assert_allclose(fall[quieter], np.log10(2), atol=0.01)
    np.testing.assert_allclose(fall[~quieter & same], 0, atol=0.01)


def test_speech_at_the_same_time_is_scored_on_each_channel(workspace: Workspace, tmp_path: Path) -> None:
    samples, _ = call(1, num_turns=4)
    both = np.concatenate([samples, samples + samples[:, ::-1] * 0])
    shift = np.stack([both[:, 0], np.roll(both[:, 1], -round(len(samples) * 0.2))], axis=1)
    soundfile.write(tmp_path / "both.wav", shift, 16_000)
    session = analyze(tmp_path / "both.wav", workspace)
    assert (session.turns["overlap"] > 0.5).any()
    assert session.turns["scored"].all()


def test_channels_are_named_and_named_anew_without_another_analysis(workspace: Workspace, stereo: Path) -> None:
    session = analyze(stereo, workspace, named(left="agent", right="Carla:customer"), case="Calls")
    assert session.speakers[["participant", "role"]].values.tolist() == [[None, "agent"], ["Carla", "customer"]]
    CALLS.clear()
    again = analyze(stereo, workspace, named(left="supervisor"))
    assert not CALLS
    assert again.speakers[["participant", "role"]].values.tolist() == [[None, "supervisor"], ["Carla", "customer"]]


def test_roles_of_the_command_line_go_over_the_channels(workspace: Workspace, stereo: Path) -> None:
    session = analyze(stereo, workspace, named(left="agent"), roles={"SPEAKER_00": "ivr"})
    assert session.speakers["role"].tolist() == ["ivr", None]


def test_a_role_for_a_speaker_who_is_not_there_stores_nothing(workspace: Workspace, stereo: Path) -> None:
    with pytest.raises(
        ConfigError, match="--roles SPEAKER_07: no speaker is called that; the recording has SPEAKER_00"
    ):
        analyze(stereo, workspace, roles={"SPEAKER_07": "agent"})
    assert workspace.sessions() == []


def test_the_channels_are_kept_to_score_from(workspace: Workspace, stereo: Path) -> None:
    session = analyze(stereo, workspace)
    kept = read_channels(workspace.path / "audio" / f"{session.recording.id}.channels.flac")
    assert (kept.count, len(kept)) == (2, round(session.recording.duration * 16_000))
    assert workspace.check() == []
    workspace.delete(session.id)
    assert not list((workspace.path / "audio").iterdir())


def test_copies_of_one_channel_are_heard_as_one(workspace: Workspace, tmp_path: Path) -> None:
    one = call(1, num_turns=4)[0].sum(axis=1)
    soundfile.write(tmp_path / "copies.wav", np.stack([one, -0.7 * np.roll(one, 800)], axis=1), 16_000)
    session = analyze(tmp_path / "copies.wav", workspace)
    assert session.channels == {}
    assert any("the channels are inverted copies of one another" in note for note in session.notes)
    with pytest.raises(AudioError, match=r"copies.wav: the channels are inverted copies .* do not tell the speakers"):
        analyze(
            tmp_path / "copies.wav",
            workspace,
            FAKES.model_copy(update={"diarization": DiarizationConfig(backend="channels")}),
        )


def test_another_number_of_speakers_is_looked_for_in_the_mix(workspace: Workspace, stereo: Path) -> None:
    config = FAKES.model_copy(update={"diarization": DiarizationConfig(num_speakers=3)})
    assert analyze(stereo, workspace, config).channels == {}


def test_channels_of_a_mono_recording_are_an_error_that_says_what_to_do(workspace: Workspace, tmp_path: Path) -> None:
    config = FAKES.model_copy(update={"diarization": DiarizationConfig(backend="channels")})
    with pytest.raises(AudioError, match=r"tone.wav: it has one channel, and diarization.backend=channels needs"):
        analyze(write_tone(tmp_path / "tone.wav"), workspace, config)


def test_channels_that_were_named_and_are_not_used_are_said(workspace: Workspace, stereo: Path, tmp_path: Path) -> None:
    named = DiarizationConfig(channels={"left": "agent", "right": "customer"})
    config = FAKES.model_copy(update={"diarization": named})
    mono = analyze(write_tone(tmp_path / "tone.wav"), workspace, config)
    assert any("as the recording has one channel: say who is who" in note for note in mono.notes)
    other = FAKES.model_copy(update={"diarization": named.model_copy(update={"num_speakers": 3})})
    assert any("as they were not told apart by channels" in note for note in analyze(stereo, workspace, other).notes)
    assert not any("Who is on which channel" in note for note in analyze(stereo, workspace, config).notes)


def test_hold_music_in_a_channel_leaves_the_parties_apart(workspace: Workspace, tmp_path: Path) -> None:
    samples, _ = call(2, num_turns=6)
    half = len(samples) // 2
    samples[half:, 1] = music((len(samples) - half) / 16_000 + 1)[: len(samples) - half]
    soundfile.write(tmp_path / "hold.wav", samples, 16_000)
    assert analyze(tmp_path / "hold.wav", workspace).channels["SPEAKER_00"] == "left"
