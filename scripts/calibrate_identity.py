"""Measures what similarities of voices are worth as evidence, for the embedded speaker encoder.

    python scripts/calibrate_identity.py EMODB_FOLDER CONVERSATIONS_FOLDER [--heard FILE]

EMODB_FOLDER holds metadata.csv (path, speaker, split) and the utterances; only speakers of the train and dev splits are
used. CONVERSATIONS_FOLDER holds recordings with RTTM files of their turns and JSON files that say whose voices they are
(``corpus_speaker`` in each turn), in several acoustic conditions. Every pair of speakers is compared in a speaker space
that was learnt without the two. Writes diarization/weights/identity.json. Needs the embedded models and about five
minutes; ``--heard`` keeps what was heard in a file, so that a second run takes seconds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from diarization.audio import read
from diarization.clustering import VoiceClustering, voices_of
from diarization.diarizers import DiarizationConfig
from diarization.embedded_diarizer import EmbeddedDiarizer
from diarization.formats.rttm import read_rttm
from diarization.identity import Voice, encoder_of, similarity, voiceprint_of
from diarization.identity_calibration import Calibration, fit_calibration, scarcity, write_calibration
from diarization.identity_measures import cost_of_evidence, equal_error_rate
from diarization.speaker_space import SpeakerSpace, learn_speaker_space, unit
from reports.diarization_errors import pairing

DRAWS = 12  # of utterances for each speaker, pair and size
SIZES = ((1, 1), (1, 4), (2, 1), (2, 2), (2, 4), (4, 4), (8, 4), (8, 8))  # utterances enrolled and heard


@dataclass
class Heard:
    """What was heard of one speaker in one recording: vectors of stretches before the space, and their seconds."""

    recording: str
    speaker: str
    vectors: Any
    seconds: Any
    talk: float
    conversation: bool


class Listening(VoiceClustering):
    """The diarizer's clustering, which also keeps what it clustered."""

    def __call__(self, embeddings: Any, segmentations: Any, *arguments: Any, **options: Any) -> Any:
        found = super().__call__(embeddings, segmentations, *arguments, **options)
        self.voices = voices_of(embeddings, segmentations)
        self.labels, self.means = found[0][self.voices.chunk, self.voices.voice], found[2]
        return found


class Ear:
    """The embedded diarizer, and what it heard."""

    def __init__(self) -> None:
        self.diarizer = EmbeddedDiarizer()
        pipeline = self.diarizer._pipeline
        self.listening = Listening(pipeline.clustering.space)
        del pipeline.clustering
        pipeline.clustering = self.listening

    def hear(self, path: Path, names: dict[str, str], truth: Any = None) -> Iterator[Heard]:
        """Each speaker of a recording who is one of ``names``, by the label of the truth."""
        found = self.diarizer.diarize(read(path).waveform, DiarizationConfig(num_speakers=len(names)))
        if not found.speakers:
            return
        who = pairing(truth, found) if truth else dict.fromkeys(found.speakers, next(iter(names)))
        for row, label in enumerate(found.speakers):
            if label in who and np.isfinite(found.embeddings[row]).all():
                cluster = int(np.nanargmax(np.nan_to_num(self.listening.means, nan=-1) @ found.embeddings[row]))
                own = self.listening.labels == cluster
                if not own.any():  # no stretch of it is long enough for a voice
                    continue
                voices = self.listening.voices
                talk = found.talk_time(label)
                name = names[who[label]]
                yield Heard(path.stem, name, voices.embeddings[own], voices.seconds[own], talk, truth is not None)


def hear_all(emodb: Path, conversations: Path) -> list[Heard]:
    """All that is used of the two folders."""
    ear = Ear()
    table = pd.read_csv(emodb / "metadata.csv")
    table = table[table["split"].isin(["train", "dev"])]
    heard = [
        each
        for path, speaker in zip(table["path"], table["speaker"], strict=True)
        for each in ear.hear(emodb / path, {"": speaker})
    ]
    for rttm in sorted(conversations.glob("*.rttm")):
        turns = json.loads(rttm.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
        names = {turn["speaker"]: turn["corpus_speaker"] for turn in turns}
        heard += ear.hear(rttm.with_suffix(".flac"), names, read_rttm(rttm))
    return heard


def voice_of(pieces: Sequence[Heard], space: SpeakerSpace) -> Voice:
    """One voice of several recordings of it, as the diarizer gives it: the mean of its stretches in the space."""
    vectors = space.project(np.concatenate([each.vectors for each in pieces]))
    seconds = np.concatenate([each.seconds for each in pieces])
    return Voice(unit((vectors * seconds[:, None]).sum(0)), sum(each.talk for each in pieces))


def trials(heard: Sequence[Heard], random: np.random.Generator) -> pd.DataFrame:
    """``similarity, scarcity, same, conversation`` of pairs of voices, each in a space learnt without its speakers."""
    utterances = [each for each in heard if not each.conversation]
    vectors = np.stack([unit((unit(each.vectors) * each.seconds[:, None]).sum(0)) for each in utterances])
    speakers = np.array([each.speaker for each in utterances])
    rows = []
    for pair in combinations(np.unique(speakers), 2):
        space = learn_speaker_space(vectors[~np.isin(speakers, pair)], speakers[~np.isin(speakers, pair)])
        rows += utterance_trials([each for each in utterances if each.speaker in pair], pair, space, random)
        rows += conversation_trials([each for each in heard if each.conversation and each.speaker in pair], space)
    return pd.DataFrame(rows, columns=["similarity", "scarcity", "same", "conversation"])


def utterance_trials(
    utterances: Sequence[Heard], pair: Sequence[str], space: SpeakerSpace, random: np.random.Generator
) -> Iterator[tuple[float, float, bool, bool]]:
    """Voices of a few utterances against voices of others, of the same speaker and of the other one."""
    own = {name: [each for each in utterances if each.speaker == name] for name in pair}
    for name, (enrolled, tested), _ in [(a, b, c) for a in pair for b in SIZES for c in range(DRAWS)]:
        order = random.permutation(len(own[name]))
        known = voice_of([own[name][each] for each in order[:enrolled]], space)
        same = voice_of([own[name][each] for each in order[enrolled : enrolled + tested]], space)
        other = next(each for each in pair if each != name)
        stranger = voice_of([own[other][each] for each in random.permutation(len(own[other]))[:tested]], space)
        yield (*compared(same, known), True, False)
        yield (*compared(stranger, known), False, False)


def conversation_trials(heard: Sequence[Heard], space: SpeakerSpace) -> Iterator[tuple[float, float, bool, bool]]:
    """Every voice of a conversation against every voice of another conversation."""
    for one, other in combinations(heard, 2):
        if one.recording != other.recording:
            pair = compared(voice_of([one], space), voice_of([other], space))
            yield (*pair, one.speaker == other.speaker, True)


def compared(voice: Voice, known: Voice) -> tuple[float, float]:
    """Similarity and scarcity of a voice and the voiceprint of another."""
    voiceprint = voiceprint_of([known])
    assert voiceprint is not None
    return similarity(voice, voiceprint), float(scarcity(voice.seconds, voiceprint.seconds))


def fit(table: pd.DataFrame, origin: str) -> Calibration:
    """The calibration, conversations and utterances weighing the same: the rarer kind is repeated."""
    kinds = [table[table["conversation"] == kind] for kind in (False, True)]
    most = max(map(len, kinds))
    even = pd.concat([pd.concat([kind] * round(most / len(kind))) for kind in kinds])
    columns = even["similarity"].to_numpy(float), even["scarcity"].to_numpy(float), even["same"].to_numpy(bool)
    return fit_calibration(*columns, origin)


def say(table: pd.DataFrame, calibration: Calibration, name: str) -> None:
    """Print how good scores and evidence are on some of the trials."""
    weights = calibration
    slope = weights.similarity + weights.similarity_scarcity * table["scarcity"]
    evidence = weights.offset + weights.scarcity * table["scarcity"] + slope * table["similarity"]
    same = table["same"].to_numpy(bool)
    scores = table["similarity"].to_numpy(float), evidence.to_numpy(float)
    rates = [equal_error_rate(each[same], each[~same])[0] for each in scores]
    cost = cost_of_evidence(scores[1][same], scores[1][~same])
    print(f"{name}: {len(table)} pairs, EER {rates[0]:.3f}, of the evidence {rates[1]:.3f}, Cllr {cost:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emodb", type=Path)
    parser.add_argument("conversations", type=Path)
    parser.add_argument("--heard", type=Path)
    options = parser.parse_args()
    if options.heard and options.heard.is_file():
        heard = [Heard(**row) for row in pd.read_pickle(options.heard).to_dict("records")]
        heard = [each for each in heard if len(each.vectors)]
    else:
        heard = hear_all(options.emodb, options.conversations)
        if options.heard:
            pd.DataFrame([vars(each) for each in heard]).to_pickle(options.heard)
    table = trials(heard, np.random.default_rng(0))
    calibration = fit(table, "EmoDB, 8 speakers, and conversations simulated from it")
    say(table[~table["conversation"]], calibration, "utterances")
    say(table[table["conversation"]], calibration, "conversations")
    encoder = encoder_of([(use.name, use.revision) for use in EmbeddedDiarizer().uses])
    assert encoder is not None
    write_calibration(encoder, calibration)
    print(f"wrote {calibration} for {encoder}")


if __name__ == "__main__":
    main()
