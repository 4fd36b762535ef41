"""A corpus of labelled utterances, and giving them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.random import RandomState

from diarization.audio import read
from diarization.errors import FormatError
from diarization.recordings import Waveform
from emotion.schemes import CANONICAL, canonical
from pipeline.csv_rows import read_csv_rows
from pipeline.labels import LabelledClip, read_label_table

from .sound import RATE, Samples, trimmed

FEWEST = 3
"""Utterances of a speaker with one emotion that it takes to let the speaker sound so."""

_SHORTEST = 0.2
"""Seconds of an utterance, without its quiet ends."""


@dataclass(frozen=True)
class Utterance:
    """One labelled utterance: where it is, who says it, with which emotion, and what, where that is known."""

    clip: LabelledClip
    speaker: str
    emotion: str
    text: str = ""


def read_corpus(path: Path, emotions: Collection[str] = ()) -> list[Utterance]:
    """The utterances of a CSV file with the columns path, speaker, emotion and perhaps start, end and text.

    Parameters
    ----------
    path : Path
        As ``turntone calibrate`` reads labels; paths are relative to its folder.
    emotions : collection of str
        Only utterances with these are taken; all where empty.

    Raises
    ------
    FormatError
        Where a line breaks the rules, a file is missing, or an emotion is none of Turntone's.
    """
    if not path.is_file():
        raise FormatError(f"{path}: no such file; a CSV file with the columns path, speaker and emotion is needed")
    wanted = {_wanted(each) for each in emotions}
    clips = [clip for clip in read_label_table(path) if not wanted or _known(clip.label) in wanted]
    texts = _texts(path)
    found = [_utterance(clip, texts) for clip in clips]
    if not found:
        raise FormatError(f"{path}: no utterance sounds {' or '.join(sorted(wanted))}; choose other --emotions")
    return found


def by_voice(utterances: Sequence[Utterance]) -> dict[str, dict[str, list[Utterance]]]:
    """The utterances of each speaker by emotion, of those emotions that the speaker has ``FEWEST`` of."""
    voices: dict[str, dict[str, list[Utterance]]] = {}
    for each in utterances:
        voices.setdefault(each.speaker, {}).setdefault(each.emotion, []).append(each)
    return {
        speaker: {emotion: said for emotion, said in sorted(own.items()) if len(said) >= FEWEST}
        for speaker, own in sorted(voices.items())
    }


@dataclass
class Supply:
    """Gives utterances out, so that none is heard more often than it must be."""

    voices: Mapping[str, Mapping[str, Sequence[Utterance]]]
    uses: Counter[str] = field(default_factory=Counter)
    _sounds: dict[str, Samples] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._waveform = lru_cache(maxsize=4)(_waveform)  # several utterances may be of one long recording

    def choose(self, speaker: str, emotion: str, count: int, random: RandomState) -> list[Utterance]:
        """Utterances for a turn: none twice, no text twice where others are left, the least used so far first."""
        chosen: list[Utterance] = []
        own = self.voices[speaker][emotion]
        while len(chosen) < min(count, len(own)):
            texts = {each.text for each in chosen if each.text}
            left = [each for each in own if each not in chosen]
            fresh = [each for each in left if each.text not in texts] or left
            rarest = min(self.uses[each.clip.where] for each in fresh)
            candidates = [each for each in fresh if self.uses[each.clip.where] == rarest]
            chosen.append(candidates[random.randint(len(candidates))])
        self.uses.update(each.clip.where for each in chosen)
        return chosen

    def sound(self, utterance: Utterance) -> Samples:
        """The sound of an utterance at 16 kHz, without quiet ends.

        Raises
        ------
        FormatError
            Where less than 0.2 s are left, as where its stretch lies outside the recording.
        AudioError
            Where it cannot be read.
        """
        where = utterance.clip.where
        if where not in self._sounds:
            self._sounds[where] = _cut(utterance.clip, self._waveform(utterance.clip.source))
        return self._sounds[where]


def _waveform(source: str) -> Waveform:
    return read(Path(source)).waveform


def _cut(clip: LabelledClip, waveform: Waveform) -> Samples:
    if stretch := clip.segment:
        waveform = waveform[round(stretch.start * RATE) : round(stretch.end * RATE)]
    found = trimmed(np.asarray(waveform, np.float64))
    if len(found) < _SHORTEST * RATE:
        raise FormatError(
            f"{clip.where}: {len(found) / RATE:.2f} s of speech; an utterance needs {_SHORTEST:g} s, remove it"
        )
    return found


def _utterance(clip: LabelledClip, texts: Mapping[int, str]) -> Utterance:
    if clip.is_session:
        raise FormatError(f"{clip.where}: names a session; a corpus names audio files in the column path")
    if not clip.speaker:
        raise FormatError(f"{clip.where}: no speaker; who speaks must be known, so that no voice plays two people")
    line = int(clip.where.rsplit(" ", 1)[-1])
    return Utterance(clip, "_".join(clip.speaker.split()), _emotion(clip.label, clip.where), texts.get(line, ""))


def _emotion(label: str, where: str) -> str:
    if known := _known(label):
        return known
    raise FormatError(
        f"{where}: '{label}' is not an emotion label; known are {', '.join(CANONICAL)}; name those to use with "
        "--emotions and the rest is left out"
    )


def _wanted(word: str) -> str:
    if known := _known(word):
        return known
    raise FormatError(f"emotion '{word}' is unknown; known are {', '.join(CANONICAL)}")


def _known(label: str) -> str | None:
    try:
        return canonical(label)
    except ValueError:
        return None


def _texts(path: Path) -> dict[int, str]:
    """What is said, by line of the file; empty without a column text."""
    table = read_csv_rows(path, "corpus")
    if "text" not in table.heading:
        return {}
    column = table.heading.index("text")
    return {line: cells[column] for line, cells in table.rows}
