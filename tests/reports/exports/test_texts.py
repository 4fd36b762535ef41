"""What is said reaches every format that can hold it, as the other tool reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diarization.formats.registry import read_turns
from diarization.turn_texts import texts_of
from pipeline.sessions import Session
from reports.exports.writing import export_sessions
from tests.sessions import make_session

TEXTS = ["=1+1, she said", "我不知道。", 'No, "never" & <always>.', None, "Yes?", "–"]
SAID = [None if text == "–" else text for text in TEXTS]
BASE = make_session(6)
SPOKEN = replace(BASE, turns=BASE.turns.assign(text=pd.Series(SAID, dtype=object)))


def written(name: str, folder: Path, session: Session = SPOKEN) -> Path:
    return export_sessions([session], name, folder / name / "call")[0]


@pytest.mark.parametrize("name", ["textgrid", "eaf", "vtt", "srt", "whisperx", "aws", "csv", "json"])
def test_text_comes_back_through_our_own_codecs(tmp_path: Path, name: str) -> None:
    found = read_turns(written(name, tmp_path)).turns
    spans = [(turn.start, turn.end, turn.speaker) for turn in found]
    assert texts_of(spans, found) == SAID


def test_praat_elan_and_subtitle_readers_find_it(tmp_path: Path) -> None:
    import srt
    import webvtt
    from praatio.textgrid import openTextgrid
    from pympi.Elan import Eaf

    grid = openTextgrid(str(written("textgrid", tmp_path)), includeEmptyIntervals=False)
    assert [entry.label for entry in grid.getTier("Ben").entries][:1] == ["我不知道。"]
    annotations = Eaf(str(written("eaf", tmp_path))).get_annotation_data_for_tier("Anna")
    assert annotations[1][2] == 'No, "never" & <always>.'
    assert webvtt.read(str(written("vtt", tmp_path)))[1].text.endswith(" 我不知道。")
    assert next(iter(srt.parse(written("srt", tmp_path).read_text()))).content.endswith("=1+1, she said")


def test_tables_have_it_in_a_column(tmp_path: Path) -> None:
    table = pd.read_csv(written("csv", tmp_path))
    assert table["text"].fillna("").tolist() == ["'=1+1, she said", *(text or "" for text in SAID[1:])]
    table = pd.read_parquet(written("parquet", tmp_path))
    assert table["text"].astype(object).where(table["text"].notna(), None).tolist() == SAID


def test_lhotse_audformat_and_clips_have_it(tmp_path: Path) -> None:
    import audformat
    import lhotse

    supervisions = lhotse.SupervisionSet.from_jsonl(written("lhotse", tmp_path / "l") / "supervisions.jsonl")
    assert [each.text for each in sorted(supervisions, key=lambda each: each.start)] == SAID
    database = audformat.Database.load(str(written("audformat", tmp_path / "a")))
    assert database["turns"].get()["text"].tolist()[1] == "我不知道。"
    audformat.Database.load(str(written("audformat", tmp_path / "b", BASE)))  # none has a column for it
    (folder,) = export_sessions(
        [SPOKEN], "clips", tmp_path / "clips", sound_of=lambda _session: np.zeros(21 * 16_000, np.float32)
    )
    assert json.loads((folder / "session-0" / "turn-0001" / "result.json").read_text())["text"] == "我不知道。"


def test_label_studio_shows_it_in_a_field_of_each_region(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    tasks, interface = export_sessions([SPOKEN], "label-studio", tmp_path / "tasks.json")
    (area,) = ElementTree.fromstring(interface.read_text()).iter("TextArea")
    results = json.loads(tasks.read_text())[0]["predictions"][0]["result"]
    said = [each for each in results if each["type"] == "textarea"]
    assert {(each["from_name"], each["to_name"]) for each in said} == {(area.get("name"), area.get("toName"))}
    assert [each["value"]["text"] for each in said] == [[text] for text in SAID if text]
    assert "TextArea" not in export_sessions([BASE], "label-studio", tmp_path / "plain.json")[1].read_text()


def test_what_comes_back_from_label_studio_is_read_although_texts_were_edited(tmp_path: Path) -> None:
    from reports.exports.label_studio import task_of
    from reports.exports.labels import label_studio_labels

    task = json.loads(json.dumps(task_of(SPOKEN)))
    result = [each | {"value": each["value"] | {"text": ["edited"]}} if each["type"] == "textarea" else each
              for each in task["predictions"][0]["result"]]  # fmt: skip
    (tmp_path / "back.json").write_text(json.dumps([task | {"annotations": [{"result": result}]}]))
    table, _ = label_studio_labels(tmp_path / "back.json")
    assert table["emotion"].tolist() == [emotion or "" for emotion in BASE.turns["emotion"]]
