"""Own labels from end to end, with the embedded recogniser on the shipped speech."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.sessions import Session
from pipeline.workspace import Workspace
from reports.html import session_report
from tests.command_line import CommandLine
from tests.fakes import CPU, FakeDiarizer
from turntone.speech import demo_call, demo_case, speech_folder

OWN = {"angry": "aroused", "happy": "aroused", "neutral": "quiet", "sad": "quiet"}


def label_table(folder: Path) -> Path:
    """The shipped speech with other words for its emotions."""
    rows = [";".join(["path", "start", "end", "label", "speaker"])]
    rows += [
        ";".join([str(recording.path), str(turn.start), str(turn.end), OWN[str(turn.emotion)], turn.speaker])
        for recording in (*demo_case().sessions, demo_call())
        for turn in recording.turns
    ]
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a head of two own labels."""
    from pipeline.head_training import train_head
    from turntone.commands.calibrate import engines_for

    found = Workspace(tmp_path_factory.mktemp("heads") / "workspace")
    labels = label_table(tmp_path_factory.mktemp("labels"))
    found.own.keep_head(train_head(labels, "arousal", engines_for(found, None, None, "embedded"), found))
    return found


@pytest.fixture(scope="module")
def session(store: Workspace) -> Session:
    """The first counselling session by that head; who speaks when is invented, what is heard is not."""
    assert FakeDiarizer.name == "fake"
    config = Config(diarization={"backend": "fake"}, emotion={"backend": "embedded", "head": "arousal"})  # type: ignore[arg-type]
    return analyze_recording(demo_case().sessions[0].path, store, config, CPU, case="Own")


def test_own_labels_are_learnt_from_other_speakers(store: Workspace) -> None:
    report = store.own.head("arousal").facts
    assert report["grouped_by"] == "speaker"
    assert report["num_speakers"] == 4
    assert report["average_recall"]["value"] > 0.75
    assert "Only 4 speakers" in " ".join(report["notes"])


def test_a_session_has_the_heads_labels(store: Workspace, session: Session) -> None:
    assert session.scheme.labels == ("aroused", "quiet")
    scored = session.turns[session.turns["scored"]]
    assert scored[["score_aroused", "score_quiet"]].sum(axis=1).to_numpy() == pytest.approx(1)
    assert scored["valence"].isna().all()
    assert session.provenance["scheme"]["head"] == "arousal"
    assert session.provenance["recognizer"]["models"][-1]["name"] == "head arousal"
    assert any("the labels aroused, quiet have no norms" in note for note in session.notes)
    assert session.arrays.frame_scores.shape[1] == 2


def test_it_is_read_back_reported_and_scored_again_as_it_was(store: Workspace, session: Session) -> None:
    back = store.session(session.id)
    assert back.scheme == session.scheme
    report = session_report(back)
    assert "aroused" in report
    (changed, *_) = store.assign(session.id, {"SPEAKER_00": ("Anna", "client")})
    assert changed.scheme.labels == ("aroused", "quiet")
    assert np.isfinite(changed.turns.loc[changed.turns["scored"], "score_quiet"].to_numpy(float)).all()


def test_the_case_keeps_to_its_head_and_others_are_not_compared(store: Workspace, session: Session) -> None:
    other = demo_case().sessions[1].path
    following = analyze_recording(other, store, Config(), CPU, case="Own")
    assert following.scheme.labels == ("aroused", "quiet")
    assert following.provenance["comparable"] is True
    config = Config(diarization={"backend": "fake"}, emotion={"backend": "embedded"})  # type: ignore[arg-type]
    plainly = analyze_recording(other, store, config, CPU, case="Own")
    assert plainly.provenance["comparable"] is False


def test_the_command_line_trains_lists_and_uses_a_head(command_line: CommandLine, tmp_path: Path) -> None:
    where, labels = tmp_path / "workspace", label_table(tmp_path)
    norms = [
        f"--{kind}={label}={value}"
        for kind in ("valence", "arousal")
        for label, value in (("aroused", 0.1), ("quiet", -0.2))
    ]
    trained = command_line("train-head", labels, "--name", "own", "--emotion", "embedded", *norms, "--workspace", where)
    assert trained.code == 0
    assert "unweighted average recall" in trained.out
    again = command_line("train-head", labels, "--name", "own", "--emotion", "embedded", "--workspace", where)
    assert (again.code, "the head 'own' exists" in again.err) == (1, True)
    shown = command_line("heads", "show", "own", "--workspace", where, "--format", "json").json
    assert shown["labels"][0] == {"label": "aroused", "valence": 0.1, "arousal": 0.1}
    assert "own" in command_line("heads", "list", "--workspace", where).out
    assert command_line("heads", "delete", "own", "--workspace", where).code == 0
    assert list((where / "heads").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--valence", "quiet=0.5"], "'quiet' needs both"),
        (["--valence", "quiet=5", "--arousal", "quiet=0"], "--valence quiet=5: not LABEL=NUMBER"),
        (["--valence", "x=0", "--arousal", "x=0"], "no clip has the label 'x'"),
        (["--name", "a/b"], "head name 'a/b': not accepted"),
        (["--name", "auto"], "head name 'auto': not accepted"),
    ],
)
def test_wrong_options_leave_nothing(
    command_line: CommandLine, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = ["--name", "own", *arguments]
    shown = command_line(
        "train-head", label_table(tmp_path), *given, "--emotion", "embedded", "--workspace", tmp_path / "workspace"
    )
    assert shown.code == 1
    assert message in shown.err
    assert not (tmp_path / "workspace").exists()


def test_a_head_of_another_recogniser_is_refused(command_line: CommandLine, store: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "workspace")
    head = store.own.head("arousal")
    other.own.keep_head(type(head)(**(vars(head) | {"uses": (("another", "1"),)})))
    call = speech_folder() / "call-3party.flac"
    given = ["--set", "emotion.backend=embedded", "--set", "diarization.backend=fake", "--workspace", other.path]
    shown = command_line("analyze", call, "--emotion-head", "arousal", *given)
    assert shown.code == 1
    assert "'arousal' was trained on embeddings of another 1" in shown.err
    missing = command_line("analyze", call, "--emotion-head", "arousl", *given)
    assert "no head is called 'arousl', did you mean 'arousal'?" in missing.err


def test_turns_of_sessions_bring_their_stored_embeddings(store: Workspace, session: Session, tmp_path: Path) -> None:
    from pipeline.head_training import train_head
    from turntone.commands.calibrate import engines_for

    scored = store.session(session.id).turns
    scored = scored[scored["scored"]]
    rows = [
        f"{session.id[:8]},{row.start},{row.end},{'low' if at // 2 % 2 else 'high'}"
        for at, row in enumerate(scored.itertuples())
    ]
    labels = tmp_path / "turns.csv"
    labels.write_text("session,start,end,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    head = train_head(labels, "halves", engines_for(store, None, None, "embedded"), store)
    assert head.facts["num_reused"] == len(scored)
    assert head.facts["num_clips"] == len(scored)
    assert json.dumps(head.facts)
