"""Turns from a file: which file is a recording's, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.audio import read
from diarization.diarizations import diarization_of
from diarization.diarizers import DiarizationConfig, make_diarizer
from diarization.errors import ConfigError, FormatError
from diarization.recordings import SAMPLING_RATE
from diarization.reference_diarizer import ReferenceDiarizer, find_reference, holds_one_recording, voices_of
from turntone.speech import demo_call

RTTM = """\
SPEAKER call 1 0.000 1.250 <NA> <NA> Anna <NA> <NA>
SPEAKER call 1 1.000 2.500 <NA> <NA> Ben <NA> <NA>
"""
SILENCE = np.zeros(4 * SAMPLING_RATE, np.float32)


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    """The turns of ``call.wav``."""
    (tmp_path / "call.rttm").write_text(RTTM)
    return tmp_path / "call.rttm"


def test_the_turns_are_those_of_the_file_with_its_names(turns: Path) -> None:
    found = ReferenceDiarizer(turns).diarize(SILENCE, DiarizationConfig(num_speakers=5))
    assert [(each.segment.start, each.segment.end, each.speaker) for each in found.segments] == [
        (0.0, 1.25, "Anna"),
        (1.0, 3.5, "Ben"),
    ]


def test_provenance_names_the_files_bytes_and_its_format(turns: Path) -> None:
    use = ReferenceDiarizer(turns).uses[0]
    assert (use.name, use.details["format"], use.of_recording) == ("reference-turns", "rttm", True)
    before = use.revision
    turns.write_text(RTTM.replace("Ben", "Bea"))
    assert ReferenceDiarizer(turns).uses[0].revision != before


def test_a_turn_behind_the_recordings_end_is_refused_with_its_line(turns: Path) -> None:
    with pytest.raises(FormatError, match=r"call\.rttm: line 2: ends at 3\.500 s, but the recording at 2\.000 s"):
        ReferenceDiarizer(turns).diarize(SILENCE[: 2 * SAMPLING_RATE], DiarizationConfig())


def test_a_turn_just_behind_the_end_is_cut(turns: Path) -> None:
    found = ReferenceDiarizer(turns).diarize(SILENCE[: int(3.2 * SAMPLING_RATE)], DiarizationConfig())
    assert found.segments[-1].segment.end == 3.2


def test_without_the_speaker_encoder_there_are_no_embeddings(
    turns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "no models"))
    diarizer = ReferenceDiarizer(turns)
    assert [use.name for use in diarizer.uses] == ["reference-turns"]
    assert diarizer.diarize(SILENCE, DiarizationConfig()).embeddings.shape == (2, 0)


def test_the_same_voice_in_two_halves_is_more_alike_than_two_voices(embedded_models: None) -> None:
    call = demo_call()
    waveform = read(call.path).waveform
    whole = ReferenceDiarizer(call.path.with_suffix(".rttm")).diarize(waveform, DiarizationConfig())
    half = len(waveform) // 2
    middle = half / SAMPLING_RATE
    rows = [(each.segment.start, min(each.segment.end, middle), each.speaker) for each in whole.segments]
    early = diarization_of(row for row in rows if row[0] < row[1])
    voices = dict(zip(early.speakers, voices_of(early, waveform), strict=True))
    likeness = {
        label: [float(voice @ whole.embeddings[whole.speakers.index(other)]) for other in whole.speakers]
        for label, voice in voices.items()
    }
    assert all(whole.speakers[int(np.argmax(row))] == label for label, row in likeness.items())
    assert np.linalg.norm(whole.embeddings, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_speaker_never_heard_alone_has_no_voice(tmp_path: Path, embedded_models: None) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 0 3 <NA> <NA> A\nSPEAKER a 1 1 1 <NA> <NA> B\n")
    noise = np.random.default_rng(0).normal(0, 0.1, len(SILENCE)).astype(np.float32)
    found = ReferenceDiarizer(tmp_path / "a.rttm").diarize(noise, DiarizationConfig())
    assert np.isfinite(found.embeddings[0]).all()
    assert np.isnan(found.embeddings[1]).all()


def test_nobody_speaking_is_no_turns(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").touch()
    assert ReferenceDiarizer(tmp_path / "a.rttm").diarize(SILENCE, DiarizationConfig()).segments == ()


@pytest.mark.parametrize("name", ["call.rttm", "call.wav.rttm", "call.TextGrid", "CALL.RTTM", "call.csv"])
def test_the_file_called_like_the_recording_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("start,end,speaker\n" if name.endswith("csv") else "")
    (tmp_path / "other.rttm").touch()
    assert find_reference(tmp_path / "call.wav") == tmp_path / name
    (tmp_path / "elsewhere").mkdir()
    assert find_reference(tmp_path / "elsewhere" / "call.wav", str(tmp_path)) == tmp_path / name


def test_a_file_that_holds_something_else_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "call.json").write_text('{"mood": "fine"}')
    (tmp_path / "call.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nAnna: hi\n")
    assert find_reference(tmp_path / "call.wav").name == "call.srt"


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"call\.wav: no file of its turns is in .*put one called call\.rttm there"):
        find_reference(tmp_path / "call.wav")
    with pytest.raises(FormatError, match=r"no such file or folder of turns"):
        find_reference(tmp_path / "call.wav", str(tmp_path / "nowhere"))


def test_without_a_recording_the_file_must_be_named() -> None:
    with pytest.raises(ConfigError, match=r"name the file itself as diarization\.reference"):
        make_diarizer(DiarizationConfig(backend="reference"))


def test_of_several_recordings_the_one_that_is_meant_is_taken(turns: Path) -> None:
    assert holds_one_recording(turns)
    turns.write_text(RTTM + RTTM.replace("call", "other").replace("Anna", "Cem"))
    assert not holds_one_recording(turns)
    assert ReferenceDiarizer(turns, "other").turns.diarization.speakers == ["Cem", "Ben"]
    with pytest.raises(FormatError, match="it does not speak of recording 'third'; it knows call, other"):
        ReferenceDiarizer(turns, "third").turns  # noqa: B018
