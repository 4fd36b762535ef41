"""What other programs read in the exports is what the session says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from diarization.formats.registry import read_turns
from diarization.recordings import SAMPLING_RATE, Waveform
from pipeline.sessions import Session, speakers_table
from reports.exports.names import names_of
from reports.exports.tables import csv_of, frame_rows, read_table, turn_rows
from reports.exports.writing import export_sessions
from tests.sessions import make_session

ONE, TWO = make_session(6), make_session(6, seed=1)
RAMP = np.linspace(-0.9, 0.9, 21 * SAMPLING_RATE, dtype=np.float32)


def ramp(_session: Session) -> Waveform:
    """A sound in which each moment is another."""
    return RAMP


@pytest.mark.parametrize("name", ["rttm", "textgrid", "eaf", "vtt", "srt", "whisperx", "pyannote", "aws"])
def test_turns_come_back_through_our_own_codecs(tmp_path: Path, name: str) -> None:
    (path, *_) = export_sessions([ONE], name, tmp_path / "call")
    found = [(turn.start, turn.end, turn.speaker) for turn in read_turns(path).turns]
    names = names_of(ONE)
    assert found == [(row.start, row.end, names[row.speaker]) for row in ONE.turns.itertuples()]


@pytest.mark.parametrize("name", ["textgrid", "eaf", "vtt", "whisperx"])
def test_emotions_come_back_where_the_format_keeps_them(tmp_path: Path, name: str) -> None:
    (path,) = export_sessions([ONE], name, tmp_path / "call")
    found = [turn.labels.get("emotion") for turn in read_turns(path).turns]
    assert found == ONE.turns["emotion"].tolist()


def test_rttm_and_uem_are_what_pyannote_reads(tmp_path: Path) -> None:
    from pyannote.database.util import load_rttm, load_uem

    rttm, uem = export_sessions([ONE, TWO], "rttm", tmp_path / "all.rttm")
    annotations, covered = load_rttm(rttm), load_uem(uem)
    assert set(annotations) == set(covered) == {"session-0", "session-1"}
    assert annotations["session-1"].labels() == ["Anna", "Ben"]
    assert covered["session-0"].duration() == 21.0


def test_names_with_blanks_keep_apart_in_rttm(tmp_path: Path) -> None:
    people = [{"label": f"S{at}", "participant": name, "talk_time": 1.0} for at, name in enumerate(["A B", "A_B"])]
    turns, segments = (table.replace({"SPEAKER_00": "S0", "SPEAKER_01": "S1"}) for table in (ONE.turns, ONE.segments))
    session = replace(ONE, speakers=speakers_table(people), turns=turns, segments=segments)
    rttm, _ = export_sessions([session], "rttm", tmp_path / "a.rttm")
    assert read_turns(rttm).diarization.speakers == ["A_B", "A_B_2"]


def test_two_speakers_called_alike_are_their_labels() -> None:
    same = ONE.speakers.assign(participant="Anna")
    assert names_of(replace(ONE, speakers=same)) == {"SPEAKER_00": "SPEAKER_00", "SPEAKER_01": "SPEAKER_01"}
    assert names_of(ONE, labels=True) == {"SPEAKER_00": "SPEAKER_00", "SPEAKER_01": "SPEAKER_01"}


def test_pandas_reads_the_csv_as_it_was(tmp_path: Path) -> None:
    (path,) = export_sessions([ONE, TWO], "csv", tmp_path / "a.csv")
    table = pd.read_csv(path, dtype={"session": str, "recording_id": str})
    assert len(table) == 12
    assert list(table.columns[:11]) == [
        "session", "case", "date", "recording", "recording_id", "turn", "start", "end", "speaker", "participant",
        "role",
    ]  # fmt: skip
    assert table["confidence"].to_numpy() == pytest.approx(
        np.concatenate([ONE.turns["confidence"], TWO.turns["confidence"]]), nan_ok=True
    )
    assert table.loc[3, "reason"] == "0.30 s of clean speech; at least 0.5 s are needed"


def test_a_csv_is_a_file_of_turns_too(tmp_path: Path) -> None:
    (path,) = export_sessions([ONE, TWO], "csv", tmp_path / "a.csv")
    assert read_turns(path, "session-1").turns[1].start == 3.5


def test_cells_that_a_spreadsheet_would_run_are_defused_and_restored(tmp_path: Path) -> None:
    nasty = ["=1+1", "+1", "-1", "@a", "\ta", "'=x", "'tis", "Anna"]
    table = pd.DataFrame({"who": nasty, "valence": [-0.5] * len(nasty)})
    (tmp_path / "a.csv").write_bytes(csv_of(table))
    raw = pd.read_csv(tmp_path / "a.csv")
    assert raw["who"].tolist() == ["'=1+1", "'+1", "'-1", "'@a", "'\ta", "''=x", "'tis", "Anna"]
    assert raw["valence"].tolist() == [-0.5] * len(nasty)
    assert read_table(tmp_path / "a.csv")["who"].tolist() == nasty


def test_parquet_holds_the_turns_and_the_frames(tmp_path: Path) -> None:
    import pyarrow.parquet

    (turns,) = export_sessions([ONE, TWO], "parquet", tmp_path / "a.parquet")
    (frames,) = export_sessions([ONE, TWO], "parquet-frames", tmp_path / "b.parquet")
    read, meant = pyarrow.parquet.read_table(turns).to_pandas(), turn_rows([ONE, TWO])
    assert list(read.columns) == list(meant.columns)
    numbers = meant.select_dtypes("number").columns
    pd.testing.assert_frame_equal(read[numbers], meant[numbers])
    assert read["scored"].tolist() == meant["scored"].tolist()
    assert read["emotion"].fillna("").tolist() == meant["emotion"].fillna("").tolist()
    table = pd.read_parquet(frames)
    assert len(table) == len(ONE.arrays.frame_scores) + len(TWO.arrays.frame_scores) == 60
    assert table.loc[0, ["turn", "time", "speaker"]].tolist() == [0, 0.25, "SPEAKER_00"]
    assert table["turn"].iloc[:30].unique().tolist() == [0, 1, 2, 4, 5]


def test_sessions_of_other_recognisers_stand_in_one_table() -> None:
    from emotion.schemes import EmotionScheme

    other = make_session(4, seed=2, scheme=EmotionScheme(("happy", "surprised")))
    table = turn_rows([ONE, other])
    assert {"score_angry", "score_surprised"} <= set(table.columns)
    assert table["score_surprised"].iloc[:6].isna().all()
    assert frame_rows([ONE, other])["score_surprised"].iloc[-1] > 0


def test_webvtt_py_and_srt_show_how_it_sounds(tmp_path: Path) -> None:
    import srt
    import webvtt

    emotion, confidence = ONE.turns.loc[0, ["emotion", "confidence"]]
    shown = f"({emotion} {confidence * 100:.0f} %)"
    (path,) = export_sessions([ONE], "vtt", tmp_path / "a.vtt")
    assert webvtt.read(str(path))[0].text == shown
    (path,) = export_sessions([ONE], "srt", tmp_path / "a.srt")
    assert next(iter(srt.parse(path.read_text()))).content == f"[Anna]: {shown}"


def test_elan_has_a_tier_a_speaker_and_its_emotions(tmp_path: Path) -> None:
    from pympi.Elan import Eaf

    (path,) = export_sessions([ONE], "eaf", tmp_path / "a.eaf")
    eaf = Eaf(str(path))
    assert set(eaf.get_tier_names()) == {"Anna", "Anna emotion", "Ben", "Ben emotion"}
    assert len(eaf.get_annotation_data_for_tier("Ben")) == 3
    assert len(eaf.get_ref_annotation_data_for_tier("Ben emotion")) == 2  # one turn is not scored


def test_clips_are_what_single_clip_tools_write(tmp_path: Path) -> None:
    (folder,) = export_sessions([ONE], "clips", tmp_path / "clips", sound_of=ramp)
    clip = folder / "session-0" / "turn-0001"
    assert sorted(path.name for path in clip.iterdir()) == ["embedding.npy", "processed_audio.wav", "result.json"]
    sound, rate = soundfile.read(clip / "processed_audio.wav", dtype="float32")
    assert (rate, len(sound)) == (16_000, 48_000)
    assert sound == pytest.approx(RAMP[56_000:104_000], abs=1 / 32_000)
    result = json.loads((clip / "result.json").read_text())
    assert list(result)[:5] == ["emotion", "confidence", "scores", "granularity", "timestamp"]
    assert result["emotion"] == max(result["scores"], key=result["scores"].get)
    assert (result["start"], result["speaker"], result["name"]) == (3.5, "SPEAKER_01", "Ben")
    assert np.load(clip / "embedding.npy") == pytest.approx(ONE.arrays.embeddings[1])


def test_a_clip_that_is_not_scored_says_why(tmp_path: Path) -> None:
    (folder,) = export_sessions([ONE], "clips", tmp_path / "clips", sound_of=ramp)
    clip = folder / "session-0" / "turn-0003"
    result = json.loads((clip / "result.json").read_text())
    assert result["emotion"] is result["scores"] is None
    assert result["reason"].startswith("0.30 s of clean speech")
    assert not (clip / "embedding.npy").exists()


def test_audformat_reads_the_database(tmp_path: Path) -> None:
    import audformat

    (folder,) = export_sessions([ONE, TWO], "audformat", tmp_path / "db")
    database = audformat.Database.load(str(folder))
    table = database["turns"].get()
    assert len(table) == 12
    assert set(database.schemes["emotion"].labels) == {"angry", "happy", "neutral", "sad"}
    starts = table.index.get_level_values("start").total_seconds()
    assert list(starts[:3]) == [0.0, 3.5, 7.0]
    assert table["valence"].to_numpy()[:6] == pytest.approx(ONE.turns["valence"].to_numpy(), nan_ok=True)
    assert table["speaker"].tolist()[:2] == ["Anna", "Ben"]


def test_lhotse_reads_the_manifests_and_cuts_the_sound(tmp_path: Path) -> None:
    import lhotse

    soundfile.write(tmp_path / "call.wav", RAMP, SAMPLING_RATE)
    session = replace(ONE, recording=replace(ONE.recording, path=tmp_path / "call.wav"))
    (folder,) = export_sessions([session], "lhotse", tmp_path / "manifests")
    recordings = lhotse.RecordingSet.from_jsonl(folder / "recordings.jsonl")
    supervisions = lhotse.SupervisionSet.from_jsonl(folder / "supervisions.jsonl")
    lhotse.validate(recordings)
    lhotse.validate(supervisions)
    cuts = lhotse.CutSet.from_manifests(recordings, supervisions).trim_to_supervisions()
    second = sorted(cuts, key=lambda cut: cut.start)[1]
    assert (second.start, second.duration, second.supervisions[0].speaker) == (3.5, 3.0, "Ben")
    assert second.supervisions[0].custom["emotion"] == ONE.turns.loc[1, "emotion"]
    assert second.load_audio()[0] == pytest.approx(RAMP[56_000:104_000], abs=1 / 32_000)


def test_npy_has_a_row_a_turn(tmp_path: Path) -> None:
    embeddings, rows, speakers = export_sessions([ONE], "npy", tmp_path / "call.npy")
    assert np.load(embeddings) == pytest.approx(ONE.arrays.embeddings, nan_ok=True)
    assert len(pd.read_csv(rows)) == 6
    assert np.load(speakers).shape == (2, 8)


def test_json_is_what_analyze_prints(tmp_path: Path) -> None:
    (path,) = export_sessions([ONE, TWO], "json", tmp_path / "a.json")
    assert json.loads(path.read_text()) == json.loads(json.dumps([ONE.to_json(), TWO.to_json()]))
