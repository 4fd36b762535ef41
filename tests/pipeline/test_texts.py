"""What is said: taken from a file of turns, kept with the turns, and gone with whoever said it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from diarization.diarizers import DiarizationConfig
from emotion.recognizers import EmotionConfig
from pipeline.analysis import analyze_recording
from pipeline.archives import archive_case, restore_case
from pipeline.config import Config
from pipeline.corrections import Corrections
from pipeline.masking import PrivacyConfig
from pipeline.participants import Participants
from pipeline.sessions import Session
from pipeline.unmasking import assign_people, unmask
from pipeline.workspace import Workspace
from tests.fakes import CALLS, CPU

SECRET = "Xylophon"
VTT = f"""WEBVTT

00:00.000 --> 00:01.200
<v Anna>Well, my {SECRET}

00:01.200 --> 00:02.500
<v Anna>is broken.

00:03.000 --> 00:05.500
<v Ben>I see, Anna.

00:06.000 --> 00:08.500
<v Anna>Yes.
"""


def config(**privacy: Any) -> Config:
    reads, fake = DiarizationConfig(backend="reference"), EmotionConfig(backend="fake")
    return Config(diarization=reads, emotion=fake, privacy=PrivacyConfig(**privacy))


@pytest.fixture
def subtitled(tone: Path) -> Path:
    """The tone, with subtitles beside it."""
    tone.with_suffix(".vtt").write_text(VTT)
    return tone


def analyze(path: Path, workspace: Workspace, settings: Config, **more: Any) -> Session:
    return analyze_recording(path, workspace, settings, CPU, **more)


def texts(session: Session) -> list[str | None]:
    return list(session.turns["text"])


def lies_in(workspace: Workspace, secret: str) -> bool:
    return any(secret.encode() in file.read_bytes() for file in workspace.path.rglob("*") if file.is_file())


ALL = [f"Well, my {SECRET} is broken.", "I see, Anna.", "Yes."]


def test_a_session_keeps_what_its_file_says_is_said(workspace: Workspace, subtitled: Path) -> None:
    assert texts(analyze(subtitled, workspace, config())) == ALL
    (session,) = workspace.sessions()
    stored = workspace.session(session.id)
    assert texts(stored) == ALL
    assert [turn["text"] for turn in stored.to_json()["turns"]] == ALL


def test_turns_without_text_have_none(workspace: Workspace, tone: Path) -> None:
    tone.with_suffix(".rttm").write_text("SPEAKER tone 1 0.0 2.5 <NA> <NA> Anna <NA> <NA>\n")
    assert texts(analyze(tone, workspace, config())) == [None]


@pytest.mark.parametrize(
    ("privacy", "kept"),
    [
        ({"keep_text": False}, False),
        ({"keep_audio": False}, False),
        ({"pseudonyms": True}, False),
        ({"keep_audio": False, "keep_text": True}, True),
    ],
)
def test_text_is_kept_where_the_audio_lies_open_or_the_settings_say_so(
    workspace: Workspace, subtitled: Path, privacy: dict[str, bool], kept: bool
) -> None:
    session = analyze(subtitled, workspace, config(**privacy))
    assert (texts(session) == ALL) is kept
    assert lies_in(workspace, SECRET) is kept


def test_other_settings_take_text_away_and_bring_it_back_without_an_analysis(
    workspace: Workspace, subtitled: Path
) -> None:
    analyze(subtitled, workspace, config())
    calls = CALLS["recognize"]
    assert texts(analyze(subtitled, workspace, config(keep_text=False))) == [None, None, None]
    assert not lies_in(workspace, SECRET)
    again = analyze(subtitled, workspace, config())
    assert texts(again) == ALL
    assert again.notes[-1].startswith("Nothing to do")
    assert CALLS["recognize"] == calls


def test_nothing_is_kept_of_what_masked_speakers_say(workspace: Workspace, subtitled: Path) -> None:
    roles = {"Anna": "Anna:agent", "Ben": "Ben:customer"}
    masked = config(mask_roles=["agent"])
    session = analyze(subtitled, workspace, masked, case="Demo", roles=roles)
    assert texts(session) == [None, "I see, Anna.", None]
    assert not lies_in(workspace, SECRET)
    unmask(workspace, ["agent"], session.id, None, CPU)
    assert texts(analyze(subtitled, workspace, config(), case="Demo", roles=roles)) == ALL


def test_masking_later_removes_it_and_scoring_again_leaves_the_others(workspace: Workspace, subtitled: Path) -> None:
    session = analyze(subtitled, workspace, config(), case="Demo")
    people = {"Anna": ("Anna", "agent"), "Ben": ("Ben", "customer")}
    assert texts(assign_people(workspace, session.id, people, CPU)[0]) == ALL
    (masked,) = workspace.mask(["agent"], session.id)
    assert texts(masked) == [None, "I see, Anna.", None]
    assert not lies_in(workspace, SECRET)
    assert texts(assign_people(workspace, session.id, {"Anna": ("Anna", "client")}, CPU)[0])[1] == "I see, Anna."


def test_forgetting_somebody_forgets_their_words_and_their_name_in_those_of_others(
    workspace: Workspace, subtitled: Path
) -> None:
    roles = {"Anna": "Zerubbabel:client", "Ben": "Ben:counsellor"}
    file = subtitled.with_suffix(".vtt")
    file.write_text(VTT.replace("Anna.", "Zerubbabel."))
    session = analyze(subtitled, workspace, config(), case="Demo", roles=roles)
    Participants(workspace).forget("Zerubbabel", "Demo")
    assert texts(workspace.session(session.id)) == ["I see, [name]."]
    assert not lies_in(workspace, SECRET)
    assert not lies_in(workspace, "Zerubbabel")


def test_a_turn_that_is_split_and_joined_keeps_its_words(workspace: Workspace, subtitled: Path) -> None:
    session = analyze(subtitled, workspace, config())
    corrections = Corrections(workspace)
    assert texts(corrections.split(session.id, 0, 1.2))[:2] == [f"Well, my {SECRET}", "is broken."]
    assert texts(corrections.join(session.id, 0)) == ALL
    assert texts(corrections.join(session.id, 0)) == [f"{ALL[0]} Yes.", "I see, Anna."]
    for _ in range(3):
        session = corrections.undo(session.id)
    assert texts(session) == ALL


def test_an_archive_brings_it_back(workspace: Workspace, subtitled: Path, tmp_path: Path) -> None:
    analyze(subtitled, workspace, config(), case="Demo")
    archive_case(workspace, "Demo", tmp_path / "demo.zip")
    other = Workspace(tmp_path / "other")
    (session,) = restore_case(other, tmp_path / "demo.zip")
    assert texts(other.session(session)) == ALL
