"""Recordings of which it is known who speaks: the same people in several of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diarization.audio import audio_suffixes, read
from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig
from diarization.errors import FormatError
from diarization.formats.rttm import read_rttm
from diarization.identity import Voice
from diarization.recordings import SAMPLING_RATE
from diarization.segments import Segment
from pipeline.engines import MODELS_IN_USE
from pipeline.enrolment import voice_in
from pipeline.labels import file_of, segment_of, table_rows

from .diarization_errors import pairing

if TYPE_CHECKING:
    from pipeline.engines import Engines


@dataclass(frozen=True)
class KnownRecording:
    """A recording, and who speaks in it.

    Parameters
    ----------
    audio : Path
    people : dict of str
        Person by the speaker of ``truth``; under the empty name where one person alone speaks.
    truth : Diarization or None
        Who speaks when; None where one person alone speaks.
    segment : Segment or None
        The stretch that is meant; None for all of it.
    """

    audio: Path
    people: dict[str, str]
    truth: Diarization | None = None
    segment: Segment | None = None

    @property
    def name(self) -> str:
        """For tables and sentences: the file, and the stretch where it is not all of it."""
        return self.audio.name + (f" {self.segment.start:g}-{self.segment.end:g}" if self.segment else "")


@dataclass(frozen=True, eq=False)
class KnownVoice:
    """How a person sounds in one recording, by its number in the list of recordings."""

    person: str
    recording: int
    voice: Voice


def read_known(path: Path) -> list[KnownRecording]:
    """The recordings of a folder or of a CSV file, and who speaks in each.

    A folder holds recordings with RTTM files of the same name, or a folder for each person with clips of that person
    alone. A CSV file has the columns path and speaker, and perhaps start and end. See docs/identity.md.

    Raises
    ------
    FormatError
        Where nothing is there, or what is there breaks the rules; the message names the file and line.
    """
    if path.is_file():
        return list(_from_table(path))
    if not path.is_dir():
        raise FormatError(f"{path}: no such file or folder; recordings whose speakers are known are needed")
    audio = [each for each in sorted(path.rglob("*")) if each.suffix.lower() in audio_suffixes]
    told = [each for each in audio if each.with_suffix(".rttm").is_file()]
    if told:
        return [_conversation(each) for each in told]
    clips = [KnownRecording(each, {"": each.parent.name}) for each in audio if each.parent != path]
    if not clips:
        raise FormatError(
            f"{path}: neither recordings with RTTM files beside them nor a folder of clips for each person; see "
            "docs/identity.md"
        )
    return clips


def hear_known(
    recordings: Sequence[KnownRecording], engines: Engines, watch: Callable[[str, float], None] | None = None
) -> Iterator[KnownVoice]:
    """The voices of all recordings, as the diarizer hears them; nobody where it hears no voice.

    In a conversation the diarizer is told how many speak, and its speakers are paired with the true ones.
    """
    for at, each in enumerate(recordings):
        if watch:
            watch(each.name, at / len(recordings))
        waveform = read(each.audio).waveform
        if each.segment:
            start, end = (round(moment * SAMPLING_RATE) for moment in (each.segment.start, each.segment.end))
            waveform = waveform[start:end]
        if each.truth is None:
            heard = [(each.people[""], voice_in(waveform, engines))]
        else:
            heard = list(_voices_of(waveform, each.people, each.truth, engines))
        yield from (KnownVoice(person, at, voice) for person, voice in heard if voice.is_known)


def _voices_of(
    waveform: Any, people: dict[str, str], truth: Diarization, engines: Engines
) -> Iterator[tuple[str, Voice]]:
    settings = engines.config.diarization
    if not truth.speakers:
        return
    config = DiarizationConfig(backend=settings.backend, model=settings.model, num_speakers=len(truth.speakers))
    with MODELS_IN_USE:
        found = engines.diarizer.diarize(waveform, config)
    who = pairing(truth, found)
    for row, label in enumerate(found.speakers):
        if label in who:
            vector = found.embeddings[row] if len(found.embeddings) else np.zeros(0, np.float32)
            yield people[who[label]], Voice(vector, found.talk_time(label))


def _from_table(path: Path) -> Iterator[KnownRecording]:
    rows = list(table_rows(path, needed="speaker"))
    if not rows:
        raise FormatError(f"{path}: nothing below the heading; one line a clip is needed")
    for number, row in rows:
        where = f"{path}: line {number}"
        if not row.get("path") or not row["speaker"]:
            raise FormatError(f"{where}: a path and a speaker are needed")
        audio = file_of(path, where, row["path"])
        yield KnownRecording(audio, {"": row["speaker"]}, segment=segment_of(where, row))


def _conversation(audio: Path) -> KnownRecording:
    truth = read_rttm(audio.with_suffix(".rttm"))
    path = audio.with_suffix(".json")
    people = {speaker: speaker for speaker in truth.speakers}
    if path.is_file():
        try:
            turns = json.loads(path.read_text(encoding="utf-8")).get("turns") or []
            named = {str(turn["speaker"]): str(turn["corpus_speaker"]) for turn in turns if "corpus_speaker" in turn}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                f"{path}: who speaks cannot be read ({type(error).__name__}: {error}); see docs/identity.md"
            ) from None
        people |= {speaker: person for speaker, person in named.items() if speaker in people}
    if len(set(people.values())) < len(people):
        raise FormatError(f"{path}: two speakers of one recording are the same person; name each person once")
    return KnownRecording(audio, people, truth)
