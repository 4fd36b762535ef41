from __future__ import annotations

from pathlib import Path

import pytest

from diarization.errors import AudioError, ConfigError
from diarization.identity import VoiceEncoder
from pipeline.config import Config
from pipeline.engines import Engines
from pipeline.enrolment import hear_voices
from tests.fakes import CPU, FAKES, write_silence, write_tone

ENGINES = Engines(FAKES, CPU)  # identity.min_speech is 3 s


def test_short_files_make_up_enough_speech_together(tmp_path: Path) -> None:
    one, other = write_tone(tmp_path / "one.wav", 2.0), write_tone(tmp_path / "other.wav", 1.8)
    heard = hear_voices([one, other], ENGINES)
    assert [(each.source, each.encoder) for each in heard] == [
        ("one.wav", VoiceEncoder("fake-diarizer", "1")),
        ("other.wav", VoiceEncoder("fake-diarizer", "1")),
    ]
    assert [each.voice.seconds for each in heard] == pytest.approx([2.0, 1.8], abs=0.01)


def test_too_little_speech_is_said(tmp_path: Path) -> None:
    one, other = write_tone(tmp_path / "one.wav", 2.0), write_tone(tmp_path / "other.wav", 0.8)
    with pytest.raises(
        AudioError, match=r"one\.wav: 2\.0 s of speech in 2\.0 s of sound, at least 3 s .*several files"
    ):
        hear_voices([one], ENGINES)
    with pytest.raises(AudioError, match=r"one\.wav, .*other\.wav: 2\.8 s of speech in all, at least 3 s are needed"):
        hear_voices([one, other], ENGINES)
    with pytest.raises(AudioError, match=r"quiet\.wav: 0\.0 s of speech in 2\.0 s of sound, at least 0\.5 s"):
        hear_voices([write_tone(tmp_path / "long.wav", 6.0), write_silence(tmp_path / "quiet.wav")], ENGINES)


def test_turns_from_a_file_know_nobody_in_another(tmp_path: Path) -> None:
    diarization = FAKES.diarization.model_copy(update={"backend": "reference"})
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 0 2 <NA> <NA> A <NA> <NA>\n")
    settings = Config(diarization=diarization.model_copy(update={"reference": str(tmp_path / "a.rttm")}))
    with pytest.raises(ConfigError, match="'reference' gives no voices to know people by; take another one"):
        hear_voices([write_tone(tmp_path / "a.wav", 4.0)], Engines(settings, CPU))
