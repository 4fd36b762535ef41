"""Files of turns that other programs write and read: what each codec takes from them, and gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diarization.diarizations import diarization_of
from diarization.errors import FormatError
from diarization.formats.registry import read_turns, write_turns
from diarization.formats.turn_files import FileTurn

TURNS = (
    FileTurn(0.0, 1.25, "Anna", "good morning", {"emotion": "happy"}),
    FileTurn(1.0, 3.5, "Ben", "hello", {"emotion": "sad"}),
)


def read(tmp_path: Path, name: str, text: str) -> list[tuple[float, float, str, str]]:
    """Start, end, speaker and text of what a file says."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    return [(turn.start, turn.end, turn.speaker, turn.text) for turn in read_turns(tmp_path / name).turns]


def test_praatio_reads_the_textgrid(tmp_path: Path) -> None:
    from praatio.textgrid import openTextgrid

    write_turns(tmp_path / "a.TextGrid", TURNS, "textgrid", "a", 5.0)
    grid = openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False)
    assert grid.tierNames == ("Anna", "Anna emotion", "Ben", "Ben emotion")
    assert grid.maxTimestamp == 5.0
    assert [tuple(entry) for entry in grid.getTier("Anna").entries] == [(0.0, 1.25, "good morning")]
    assert [tuple(entry) for entry in grid.getTier("Ben emotion").entries] == [(1.0, 3.5, "sad")]


@pytest.mark.parametrize("form", ["short_textgrid", "long_textgrid"])
def test_both_forms_that_praatio_writes_are_read(tmp_path: Path, form: str) -> None:
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.data_classes.point_tier import PointTier
    from praatio.data_classes.textgrid import Textgrid

    grid = Textgrid()
    grid.addTier(IntervalTier("Anna", [(0.5, 1.5, 'say "hi"'), (2, 3, "sil")], 0, 5))
    grid.addTier(PointTier("bells", [(1.0, "ding")], 0, 5))
    grid.save(str(tmp_path / "a.TextGrid"), form, includeBlankSpaces=True)
    turns = read_turns(tmp_path / "a.TextGrid").turns
    assert turns == (FileTurn(0.5, 1.5, "Anna", 'say "hi"'),)


def test_tiers_of_the_montreal_aligner_are_its_speakers(tmp_path: Path) -> None:
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n0\n2\n<exists>\n2\n'
    words = '"IntervalTier"\n"Anna - words"\n0\n2\n1\n0.5\n1.5\n"hi"\n'
    phones = '"IntervalTier"\n"Anna - phones"\n0\n2\n1\n0.5\n1.0\n"h"\n'
    assert read(tmp_path, "a.TextGrid", head + words + phones) == [(0.5, 1.5, "Anna", "hi")]


def test_pympi_reads_the_eaf(tmp_path: Path) -> None:
    from pympi.Elan import Eaf

    write_turns(tmp_path / "a.eaf", TURNS, "eaf", "a", 5.0)
    eaf = Eaf(str(tmp_path / "a.eaf"))
    assert set(eaf.get_tier_names()) == {"Anna", "Anna emotion", "Ben", "Ben emotion"}
    assert eaf.get_annotation_data_for_tier("Anna") == [(0, 1250, "good morning")]
    assert eaf.get_ref_annotation_data_for_tier("Ben emotion")[0][:3] == (1000, 3500, "sad")
    assert eaf.get_parameters_for_tier("Anna emotion")["PARENT_REF"] == "Anna"
    words = {value for entry in eaf.get_cv_entries("emotions").values() for value, _, _ in entry[0]}
    assert words == {"happy", "sad"}


def test_what_pympi_writes_is_read(tmp_path: Path) -> None:
    from pympi.Elan import Eaf

    eaf = Eaf()
    eaf.remove_tier("default")
    eaf.add_tier("A@home", part="Anna")
    eaf.add_tier("Ben")
    eaf.add_annotation("A@home", 500, 1500, "hi & bye")
    eaf.add_annotation("Ben", 1000, 2000, "")
    eaf.to_file(str(tmp_path / "a.eaf"))
    turns = read_turns(tmp_path / "a.eaf").turns
    assert turns == (FileTurn(0.5, 1.5, "Anna", "hi & bye"), FileTurn(1.0, 2.0, "Ben"))


def test_an_eaf_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]>\n<ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>'
    with pytest.raises(FormatError, match="line 1: a document type is not accepted"):
        read(tmp_path, "a.eaf", bomb)


def test_an_annotation_that_is_not_aligned_is_named(tmp_path: Path) -> None:
    text = (
        '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="s1"/></TIME_ORDER><TIER TIER_ID="A">\n'
        '<ALIGNABLE_ANNOTATION TIME_SLOT_REF1="s1" TIME_SLOT_REF2="s1"/></TIER></ANNOTATION_DOCUMENT>'
    )
    with pytest.raises(FormatError, match="line 2: its time slot has '' where milliseconds from 0 up are needed"):
        read(tmp_path, "a.eaf", text)


def test_webvtt_py_reads_the_vtt(tmp_path: Path) -> None:
    import webvtt

    write_turns(tmp_path / "a.vtt", TURNS, "vtt", "a", 5.0)
    captions = webvtt.read(str(tmp_path / "a.vtt"))
    assert [(each.start, each.end, each.text) for each in captions] == [
        ("00:00:00.000", "00:00:01.250", "good morning"),
        ("00:00:01.000", "00:00:03.500", "hello"),
    ]
    assert captions[0].raw_text == "<v.happy Anna>good morning</v>"


def test_vtt_with_notes_names_settings_and_two_voices_in_a_cue(tmp_path: Path) -> None:
    text = (
        "WEBVTT - a title\nKind: captions\n\nNOTE\nnot --> a cue\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.500 --> 00:02.000 align:start\n<v Anna>Hi <b>you</b></v>\n<v.loud Ben>Hey &amp; ho\n\n"
        "00:03.000 --> 00:04.000\n- Cem: plain\n"
    )
    assert read(tmp_path, "a.vtt", text) == [
        (1.5, 2.0, "Anna", "Hi you"),
        (1.5, 2.0, "Ben", "Hey & ho"),
        (3.0, 4.0, "Cem", "plain"),
    ]


def test_srt_reads_the_srt(tmp_path: Path) -> None:
    import srt

    write_turns(tmp_path / "a.srt", TURNS, "srt", "a", 5.0)
    found = list(srt.parse((tmp_path / "a.srt").read_text(encoding="utf-8")))
    assert [(each.start.total_seconds(), each.end.total_seconds(), each.content) for each in found] == [
        (0.0, 1.25, "[Anna]: good morning"),
        (1.0, 3.5, "[Ben]: hello"),
    ]


def test_srt_with_speakers_as_people_and_whisperx_write_them(tmp_path: Path) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\nAnna: it is 12:30\nand late\n\n"
        "2\n00:00:02,000 --> 00:00:03,500\n- Anna: yes\n- Ben B.: no\n\n\n"
        "3\n00:00:04,000 --> 00:00:05,000\n[SPEAKER_01]: hm\n\n4\n00:00:06,000 --> 00:00:07,000\n(music)\n"
    )
    assert read(tmp_path, "a.srt", text) == [
        (1.0, 2.0, "Anna", "it is 12:30 and late"),
        (2.0, 3.5, "Anna", "yes"),
        (2.0, 3.5, "Ben B.", "no"),
        (4.0, 5.0, "SPEAKER_01", "hm"),
    ]
    assert read_turns(tmp_path / "a.srt").notes == (
        f"1 of 4 cues of {tmp_path / 'a.srt'} name no speaker and were left out.",
    )


def test_subtitles_without_speakers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no cue names a speaker"):
        read(tmp_path, "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nso this is what happened: nothing\n")


def test_whisperx_segments_are_cut_where_words_change_speaker(tmp_path: Path) -> None:
    word = {"score": 0.9}
    segments = [
        {
            "start": 0.5, "end": 3.0, "text": " yes no", "speaker": "SPEAKER_00", "words": [
                {"word": "yes", "start": 0.5, "end": 1.0, "speaker": "SPEAKER_00", **word}, {"word": "12"},
                {"word": "no", "start": 2.0, "end": 3.0, "speaker": "SPEAKER_01", **word},
            ],
        },
        {"start": 4, "end": 5, "text": "unknown"},
    ]  # fmt: skip
    text = json.dumps({"segments": segments, "word_segments": []})
    assert read(tmp_path, "a.json", text) == [(0.5, 1.0, "SPEAKER_00", "yes"), (2.0, 3.0, "SPEAKER_01", "no")]
    assert read_turns(tmp_path / "a.json").notes[0].startswith("1 of 2 segments")


def test_whisperx_without_diarization_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no segment names a speaker; run WhisperX with --diarize"):
        read(tmp_path, "a.json", '{"segments": [{"start": 0, "end": 1, "text": "hi"}]}')


def test_what_pyannote_serializes_is_read_with_its_exclusive_view(tmp_path: Path) -> None:
    from pyannote.audio.pipelines.speaker_diarization import DiarizeOutput

    talk = diarization_of([(0, 2, "A"), (1, 3, "B")])
    output = DiarizeOutput(talk.to_annotation(), talk.exclusive().to_annotation())
    (tmp_path / "a.json").write_text(json.dumps(output.serialize()))
    found = read_turns(tmp_path / "a.json").diarization
    assert [(each.segment.start, each.segment.end, each.speaker) for each in found.segments] == [
        (0, 2, "A"),
        (1, 3, "B"),
    ]
    exclusive = [(each.segment.start, each.segment.end, each.speaker) for each in found.exclusive().segments]
    assert exclusive == [(0, 2, "A"), (2, 3, "B")]


def test_a_job_of_pyannoteai_is_read(tmp_path: Path) -> None:
    row = {"speaker": "SPEAKER_01", "start": 0.5, "end": 1.5, "confidence": 97}
    job = {"jobId": "1", "status": "succeeded", "output": {"diarization": [row], "confidence": {"score": [1]}}}
    assert read(tmp_path, "a.json", json.dumps(job)) == [(0.5, 1.5, "SPEAKER_01", "")]
    job["output"]["identification"] = [{**row, "speaker": "Anna", "diarizationSpeaker": "SPEAKER_01", "match": "Anna"}]
    assert read(tmp_path, "a.json", json.dumps(job)) == [(0.5, 1.5, "Anna", "")]
    with pytest.raises(FormatError, match="the job is 'running'; save its output once it has succeeded"):
        read(tmp_path, "a.json", json.dumps({"jobId": "1", "status": "running"}))


def test_an_annotation_of_pyannote_core_is_read(tmp_path: Path) -> None:
    row = {"segment": {"start": 0.5, "end": 1.5}, "track": "x", "label": "A"}
    text = json.dumps({"pyannote": "Annotation", "uri": "call", "content": [row]})
    assert read(tmp_path, "a.json", text) == [(0.5, 1.5, "A", "")]


def test_call_analytics_is_read_with_its_sentiment(tmp_path: Path) -> None:
    call = {
        "JobStatus": "COMPLETED",
        "Participants": [{"ParticipantRole": "AGENT"}, {"ParticipantRole": "CUSTOMER"}],
        "Transcript": [
            {"LoudnessScores": [79.2], "Content": "Hello.", "Id": "1", "BeginOffsetMillis": 440,
             "EndOffsetMillis": 1270, "Sentiment": "NEGATIVE", "ParticipantRole": "AGENT"},
        ],
    }  # fmt: skip
    assert read(tmp_path, "a.json", json.dumps(call)) == [(0.44, 1.27, "AGENT", "Hello.")]
    assert read_turns(tmp_path / "a.json").turns[0].labels == {"sentiment": "negative"}


def test_a_batch_job_of_aws_is_read(tmp_path: Path) -> None:
    row = {"start_time": "4.87", "speaker_label": "spk_0", "end_time": "6.88", "items": []}
    job = {"results": {"speaker_labels": {"speakers": 1, "segments": [row]}}}
    assert read(tmp_path, "a.json", json.dumps(job)) == [(4.87, 6.88, "spk_0", "")]


def test_our_own_json_is_read(tmp_path: Path) -> None:
    from tests.sessions import make_session

    session = make_session(4)
    (tmp_path / "a.json").write_text(json.dumps([session.to_json(), make_session(4, seed=1).to_json()]))
    found = read_turns(tmp_path / "a.json", "session-0").turns
    assert [(turn.start, turn.end, turn.speaker) for turn in found] == list(
        session.segments.itertuples(index=False, name=None)
    )
    with pytest.raises(FormatError, match=r"it holds 2 sessions \(session-0, session-1\); say which"):
        read_turns(tmp_path / "a.json")


@pytest.mark.parametrize(
    "text",
    [
        "start,end,speaker\n0.5,1.5,Anna\n",
        "Speaker;Begin;End\nAnna;0,5;1,5\n",
        "onset\tduration\tlabel\n0.5\t1\tAnna\n",
        'start,end,speaker\n"0:00.5","0:01.5","Anna"\n\n',
    ],
)
def test_tables_as_people_make_them_are_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.csv", text) == [(0.5, 1.5, "Anna", "")]


def test_pandas_reads_the_csv(tmp_path: Path) -> None:
    import pandas as pd

    write_turns(tmp_path / "a.csv", TURNS, "csv", "a", 5.0)
    table = pd.read_csv(tmp_path / "a.csv")
    assert list(table.columns) == ["start", "end", "speaker", "emotion", "text"]
    assert table.iloc[0].tolist() == [0.0, 1.25, "Anna", "happy", "good morning"]


def test_of_a_table_with_several_recordings_the_one_that_is_meant_is_read(tmp_path: Path) -> None:
    text = "recording,start,end,speaker\n/a/call.wav,0,1,A\nother.wav,1,2,B\n"
    (tmp_path / "a.csv").write_text(text)
    assert [turn.speaker for turn in read_turns(tmp_path / "a.csv", "other").turns] == ["B"]
    with pytest.raises(FormatError, match=r"it speaks of 2 recordings \(call, other\); say which one is meant"):
        read_turns(tmp_path / "a.csv")


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 1: no column is called end or speaker; the first line names"):
        read(tmp_path, "a.csv", "start,mood\n0,good\n")


def test_a_file_of_something_else_names_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"a\.json: no turns are in it that could be read; accepted are WhisperX JSON"
    ):
        read(tmp_path, "a.json", '{"mood": "fine"}')
    with pytest.raises(FormatError, match=r"a\.txt: no turns .* accepted are RTTM, Praat TextGrid, ELAN"):
        read(tmp_path, "a.txt", "hello")
