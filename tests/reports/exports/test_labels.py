"""What people corrected, back as a table, with the machine's answer beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diarization.errors import FormatError
from diarization.recordings import SAMPLING_RATE
from reports.exports.label_studio import interface_of, task_of
from reports.exports.labels import LABEL_COLUMNS, clip_labels, is_clips, is_label_studio, label_studio_labels
from reports.exports.writing import export_sessions
from tests.sessions import make_session

ONE = make_session(4)


def answered(changes: dict[int, str], **annotation: Any) -> dict[str, Any]:
    """The session's task as Label Studio gives it back: its regions as a person left them."""
    task = json.loads(json.dumps(task_of(ONE)))
    result = [dict(each) for each in task["predictions"][0]["result"]]
    for each in result:
        turn = int(each["id"].rpartition("-")[2])
        if each["type"] == "choices" and turn in changes:
            each["value"] = each["value"] | {"choices": [changes[turn]]}
    whole = {"type": "choices", "from_name": "quality", "to_name": "audio", "value": {"choices": ["good"]}}
    return {"id": 7, **task, "annotations": [{"id": 1, "completed_by": 3, "result": [*result, whole], **annotation}]}


def write(path: Path, *tasks: dict[str, Any]) -> Path:
    path.write_text(json.dumps(tasks))
    return path


def test_a_task_has_a_region_a_turn_with_speaker_and_emotion() -> None:
    (prediction,) = task_of(ONE)["predictions"]
    first = [each for each in prediction["result"] if each["id"] == f"{ONE.id}-0000"]
    assert [(each["type"], each["from_name"], each["to_name"]) for each in first] == [
        ("labels", "speaker", "audio"),
        ("choices", "emotion", "audio"),
    ]
    assert first[0]["value"] == {"start": 0.0, "end": 3.0, "channel": 0, "labels": ["Anna"]}
    assert len(prediction["result"]) == 7  # the turn that is not scored has no emotion


def test_the_interface_names_what_the_tasks_use() -> None:
    from xml.etree import ElementTree

    view = ElementTree.fromstring(interface_of(["Anna", '"Q" & <A>'], ["happy"]))
    assert [each.get("value") for each in view.iter("Label")] == ["Anna", '"Q" & <A>']
    assert {each.tag: each.get("name") for each in view} == {
        "Audio": "audio",
        "Labels": "speaker",
        "Choices": "emotion",
    }
    assert all(each.get("toName") == "audio" for each in view if each.tag != "Audio")


def test_a_persons_answer_stands_beside_the_machines(tmp_path: Path) -> None:
    machine = ONE.turns.loc[1, "emotion"]
    other = "sad" if machine != "sad" else "happy"
    table, notes = label_studio_labels(write(tmp_path / "a.json", answered({1: other})))
    assert list(table.columns) == list(LABEL_COLUMNS)
    assert notes == []
    second = table.iloc[1]
    assert second[["session", "start", "end", "speaker", "emotion"]].tolist() == [ONE.id, 3.5, 6.5, "Ben", other]
    assert second[["machine_speaker", "machine_emotion"]].tolist() == ["Ben", machine]
    assert second["machine_confidence"] == pytest.approx(ONE.turns.loc[1, "confidence"], abs=1e-6)
    assert second["annotator"] == "3"
    assert table.iloc[3][["emotion", "machine_emotion"]].tolist() == ["", ""]


def test_a_region_that_a_person_drew_is_matched_by_time(tmp_path: Path) -> None:
    task = answered({})
    region = {"id": "xYz", "from_name": "speaker", "type": "labels"}
    times = {"start": 3.4, "end": 6.0}
    task["annotations"][0]["result"] = [
        region | {"value": times | {"labels": ["Anna"]}},
        region | {"value": times | {"choices": ["happy"]}, "type": "choices", "from_name": "emotion"},
        region | {"id": "new", "value": {"start": 90, "end": 91, "labels": ["Cem"]}},
    ]
    table, notes = label_studio_labels(write(tmp_path / "a.json", task))
    assert table["machine_speaker"].tolist() == ["Ben", ""]
    assert table["emotion"].tolist() == ["happy", ""]
    assert notes == ["1 of 2 regions are a person's own; the machine has no answer for them."]


def test_tasks_that_nobody_answered_or_skipped_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", task_of(ONE), answered({}, was_cancelled=True), answered({}))
    table, notes = label_studio_labels(path)
    assert len(table) == 4
    assert notes == ["2 of 3 tasks are not annotated yet; they give no labels."]


def test_another_tools_tasks_are_matched_by_their_predictions(tmp_path: Path) -> None:
    task = answered({})
    task["data"] = {"audio": "s3://a/b.wav"}
    table, _ = label_studio_labels(write(tmp_path / "a.json", task))
    assert table["path"].tolist() == ["s3://a/b.wav"] * 4
    assert table["machine_emotion"].tolist() == [each or "" for each in ONE.turns["emotion"]]


def test_what_is_an_export_of_label_studio_is_told(tmp_path: Path) -> None:
    assert is_label_studio(json.dumps([answered({})]))
    assert not is_label_studio(json.dumps([ONE.to_json()]))
    assert not is_label_studio("[]")
    assert not is_label_studio("start,end,speaker\n")


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ('[{"data": 3, "annotations": []}]', r"a\.json: \[0\]: a task with 'data' is needed"),
        ('{"a": 1}', r"a\.json: a list of tasks is needed; export as JSON, not JSON-MIN"),
        (
            '[{"data": {}, "annotations": [{"result": [{"value": {"start": "x", "end": 1}}]}]}]',
            r"\[0\]\.annotations\[0\]\.result\[0\]\.value: 'start' is not a number of seconds",
        ),
    ],
)
def test_what_breaks_the_export_is_named(tmp_path: Path, tasks: str, message: str) -> None:
    (tmp_path / "a.json").write_text(tasks)
    with pytest.raises(FormatError, match=message):
        label_studio_labels(tmp_path / "a.json")


def test_clips_come_back_with_what_a_person_changed(tmp_path: Path) -> None:
    sound = np.zeros(14 * SAMPLING_RATE, np.float32)
    (folder,) = export_sessions([ONE], "clips", tmp_path / "clips", sound_of=lambda _: sound)
    result = folder / "session-0" / "turn-0001" / "result.json"
    said = json.loads(result.read_text())
    other = "sad" if said["emotion"] != "sad" else "happy"
    result.write_text(json.dumps(said | {"emotion": other}))
    assert is_clips(folder)
    table, notes = clip_labels(folder)
    assert table["emotion"].tolist() == ["", other, "", ""]
    assert table["machine_emotion"].tolist() == [each or "" for each in ONE.turns["emotion"]]
    assert table["end"].tolist() == [3.0, 3.0, 3.0, 0.3]
    assert all(Path(path).is_file() for path in table["path"])
    assert notes[0].startswith("1 of 4 clips were corrected by a person")


def test_a_folder_of_another_tool_is_read(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "result.json").write_text('{"emotion": "happy", "confidence": 0.9, "scores": {"happy": 0.9}}')
    table, _ = clip_labels(tmp_path)
    assert table.iloc[0][["emotion", "machine_emotion", "machine_confidence"]].tolist() == ["", "happy", 0.9]
    (tmp_path / "clip" / "result.json").write_text("{")
    with pytest.raises(FormatError, match=r"result\.json: cannot be read as JSON"):
        clip_labels(tmp_path)
