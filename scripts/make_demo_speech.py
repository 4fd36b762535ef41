#!/usr/bin/env python3
"""Makes the speech that ships in ``turntone/speech``, from EmoDB and AMI.

    python scripts/make_demo_speech.py EMODB AMI [--out turntone/speech]

EMODB is a folder of the Berlin Database of Emotional Speech with its utterances in ``wav/``, 16 kHz WAV or FLAC, named
as the corpus names them (``13a01Na``: speaker 13, sentence a01, neutral). AMI is a folder with ``trn00`` and ``trn07``
of the 30 s excerpts that pyannote.audio is tested with, each FLAC and RTTM.

The conversations are simulated: the plans below say who speaks with which emotion for how many utterances; which
utterances, the pauses and the sound of the room follow from a seed. A second run gives the same samples and the same
truth. Only speakers outside the training split (13, 14, 15, 16) take part.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.random import RandomState  # its streams are frozen for good, default_rng's are not

from reports.simulation.sound import (
    EDGE,
    LOUDEST,
    MILLISECOND,
    RATE,
    PlacedTurn,
    Room,
    Samples,
    decibels,
    in_a_row,
    record,
    trimmed,
    write_flac,
)
from reports.simulation.truth_files import rttm_text, time_facts, turn_row

CODES = {"angry": "W", "happy": "F", "neutral": "N", "sad": "T"}
PAUSES = (0.2, 1.0)  # s between turns
STEP = 8  # of 2**15: far below the rooms' noise, and FLAC packs the bits that are never used for nothing
CUT_INS = (0.3, 0.6)  # s by which a turn that cuts in begins before the last one ends


@dataclass(frozen=True)
class Person:
    """Who lends the voice, what they are in the conversation, and how loud they are there."""

    voice: str
    name: str
    role: str
    gain: float = 0.0  # dB

    @property
    def label(self) -> str:
        """The speaker's label in the truth."""
        return f"spk{self.voice}"


@dataclass(frozen=True)
class Conversation:
    """One recording to make. A line of its plan is a turn: role, emotion, number of utterances and, maybe, cuts in."""

    uri: str
    scenario: str
    seed: int
    date: str
    people: tuple[Person, ...]
    room: Room
    plan: str
    case: str | None = None


@dataclass(frozen=True)
class PlannedTurn:
    """A line of a plan."""

    person: Person
    emotion: str
    count: int
    cuts_in: bool


@dataclass(frozen=True)
class SourcedTurn(PlacedTurn):
    """A placed turn, and the corpus's speaker and utterances it is made of."""

    voice: str
    sources: tuple[Path, ...]


CASE = "Counselling (demo)"
COUNSELLING = (Person("13", "Client", "client"), Person("15", "Counsellor", "counsellor", gain=-1.5))
CALL = (Person("14", "Customer", "customer"), Person("15", "Agent", "agent"), Person("16", "Supervisor", "supervisor"))

CONVERSATIONS = (
    Conversation(
        uri="counselling-1",
        scenario="sad, then angry, the anger spent at the end",
        seed=101,
        date="2025-03-03",
        people=COUNSELLING,
        room=Room("clean", snr=30),
        case=CASE,
        plan="""
            counsellor happy 1
            client sad 2
            counsellor neutral 2
            client sad 2
            counsellor neutral 2
            client angry 2
            counsellor neutral 1
            client angry 3 cuts in
            counsellor neutral 1
            client angry 3
            counsellor neutral 2 cuts in
            client angry 3
            counsellor neutral 2
            client sad 1
            counsellor neutral 1
            client neutral 2
        """,
    ),
    Conversation(
        uri="counselling-2",
        scenario="sad, an angry stretch in the middle, then calmer",
        seed=102,
        date="2025-03-17",
        people=COUNSELLING,
        room=Room("noisy", snr=22, rumble=0.985),
        case=CASE,
        plan="""
            counsellor neutral 2
            client sad 2
            counsellor neutral 2
            client sad 2
            counsellor happy 1
            client neutral 3
            counsellor neutral 1
            client angry 3 cuts in
            counsellor neutral 2
            client angry 3
            counsellor neutral 2 cuts in
            client neutral 3
            counsellor neutral 1
            client sad 1
            counsellor neutral 1
            client neutral 2
        """,
    ),
    Conversation(
        uri="counselling-3",
        scenario="even: a sad beginning, neutral for most of it, a first bright moment",
        seed=103,
        date="2025-03-31",
        people=COUNSELLING,
        room=Room("reverb", snr=30, reverberation=0.35),
        case=CASE,
        plan="""
            counsellor neutral 2
            client sad 3
            counsellor neutral 2
            client neutral 3
            counsellor neutral 1
            client neutral 2
            counsellor neutral 2 cuts in
            client neutral 2
            counsellor neutral 1
            client angry 1
            counsellor neutral 1
            client happy 2
            counsellor happy 2 cuts in
            client happy 3
            counsellor neutral 2
            client neutral 2
        """,
    ),
    Conversation(
        uri="counselling-4",
        scenario="happy and neutral, happiest towards the end",
        seed=104,
        date="2025-04-14",
        people=COUNSELLING,
        room=Room("clean", snr=27, rumble=0.97),
        case=CASE,
        plan="""
            counsellor neutral 2
            client neutral 2
            counsellor neutral 1
            client happy 2
            counsellor neutral 2
            client neutral 3
            counsellor happy 1
            client happy 3 cuts in
            counsellor neutral 2
            client neutral 2
            counsellor neutral 2
            client happy 3
            counsellor happy 2 cuts in
            client happy 2
            counsellor happy 2
            client neutral 2
        """,
    ),
    Conversation(
        uri="call-3party",
        scenario="escalation: a customer grows angry, a supervisor joins late",
        seed=201,
        date="2025-04-02",
        people=CALL,
        room=Room("phone", snr=27, telephone=True),
        plan="""
            agent neutral 1
            customer neutral 2
            agent neutral 2
            customer neutral 2
            agent neutral 2
            customer angry 1
            agent neutral 1
            customer angry 2
            agent neutral 1 cuts in
            customer angry 3 cuts in
            agent neutral 2
            customer angry 3
            supervisor neutral 1
            customer angry 2 cuts in
            supervisor neutral 2
            agent neutral 1
            customer angry 2
            supervisor neutral 1
            customer neutral 1
            supervisor happy 1
        """,
    ),
)

MEETINGS = {"meeting-1": "trn00", "meeting-2": "trn07"}
"""Excerpts of AMI, as they are called here and there."""


def parse_plan(conversation: Conversation) -> list[PlannedTurn]:
    """The plan's lines as turns, in order."""
    people = {person.role: person for person in conversation.people}
    turns = []
    for line in conversation.plan.strip().splitlines():
        role, emotion, count, *manner = line.split()
        turns.append(PlannedTurn(people[role], emotion, int(count), manner == ["cuts", "in"]))
    return turns


class Utterances:
    """The corpus's utterances, given out so that none is heard more often than it must be."""

    def __init__(self, emodb: Path) -> None:
        self.paths = sorted(path for path in (emodb / "wav").iterdir() if path.suffix in (".wav", ".flac"))
        self.uses: Counter[Path] = Counter()

    def choose(self, turn: PlannedTurn, heard: set[Path], random: RandomState) -> tuple[Path, ...]:
        """Utterances for a turn: none heard in this conversation, no sentence twice, the least used so far first."""
        chosen: list[Path] = []
        wanted = [path for path in self.paths if self._fits(path, turn) and path not in heard]
        while len(chosen) < turn.count:
            said = {path.name[2:5] for path in chosen}
            fresh = [path for path in wanted if path not in chosen and path.name[2:5] not in said]
            if not fresh:
                raise SystemExit(f"{turn.person.name} has no unheard {turn.emotion} utterance left: shorten the plan")
            rarest = min(self.uses[path] for path in fresh)
            candidates = [path for path in fresh if self.uses[path] == rarest]
            chosen.append(candidates[random.randint(len(candidates))])
        self.uses.update(chosen)
        return tuple(chosen)

    @staticmethod
    def _fits(path: Path, turn: PlannedTurn) -> bool:
        return path.name[:2] == turn.person.voice and path.name[5] == CODES[turn.emotion]


def read_utterance(path: Path) -> Samples:
    """An utterance without its quiet ends, faded in and out."""
    sound, rate = soundfile.read(path, dtype="float64")
    if rate != RATE or sound.ndim != 1:
        raise SystemExit(f"{path}: {rate} Hz, shape {sound.shape}; wanted is 16 kHz mono")
    return trimmed(sound)


def place(conversation: Conversation, utterances: Utterances, random: RandomState) -> list[SourcedTurn]:
    """The turns of a conversation, each with its sound and place. They begin on whole milliseconds."""
    placed: list[SourcedTurn] = []
    heard: set[Path] = set()
    cursor = EDGE * RATE
    for turn in parse_plan(conversation):
        sources = utterances.choose(turn, heard, random)
        heard.update(sources)
        if placed:
            cursor += RATE * (-random.uniform(*CUT_INS) if turn.cuts_in else random.uniform(*PAUSES))
        start = round(cursor / MILLISECOND) * MILLISECOND
        sound = decibels(turn.person.gain) * in_a_row([read_utterance(path) for path in sources], random)
        placed.append(SourcedTurn(turn.person.label, turn.emotion, start, sound, turn.person.voice, sources))
        cursor = placed[-1].end
    return placed


def truth(conversation: Conversation, turns: list[SourcedTurn], duration: float) -> dict[str, Any]:
    """What there is to know about a conversation, as its JSON file holds it."""
    rows = [turn_row(number, turns) | source_facts(turn) for number, turn in enumerate(turns)]
    facts = {
        "uri": conversation.uri,
        "corpus": "emodb",
        "language": "de",
        "scenario": conversation.scenario,
        "condition": conversation.room.condition,
        "snr_db": conversation.room.snr,
        "seed": conversation.seed,
        "duration": round(duration, 3),
        "case": conversation.case,
        "date": conversation.date,
        "participants": {person.label: {"name": person.name, "role": person.role} for person in conversation.people},
    }
    return facts | time_facts([person.label for person in conversation.people], rows) | {"turns": rows}


def source_facts(turn: SourcedTurn) -> dict[str, Any]:
    """Where a turn's sound comes from."""
    sources = [f"emodb/wav/{path.stem}.wav" for path in turn.sources]
    return {"sources": sources, "corpus_speaker": f"emodb_{turn.voice}"}


def make_conversation(conversation: Conversation, utterances: Utterances, out: Path) -> None:
    """Writes one simulated conversation: FLAC, RTTM and JSON."""
    random = RandomState(conversation.seed)
    turns = place(conversation, utterances, random)
    sound = record(turns, conversation.room, random)
    if np.abs(sound).max() > LOUDEST:
        raise SystemExit(f"{conversation.uri}: would clip, its peak is {np.abs(sound).max():.2f}")
    rate = conversation.room.rate
    write_flac(out / f"{conversation.uri}.flac", sound, rate, 1 if conversation.room.telephone else STEP)
    facts = truth(conversation, turns, len(sound) / rate)
    (out / f"{conversation.uri}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (out / f"{conversation.uri}.rttm").write_text(rttm_text(conversation.uri, facts["turns"]), encoding="utf-8")


def copy_meeting(uri: str, name: str, ami: Path, out: Path) -> None:
    """Copies one excerpt's sound byte for byte and its turns under their new name."""
    shutil.copyfile(ami / f"{name}.flac", out / f"{uri}.flac")
    turns = (ami / f"{name}.rttm").read_text(encoding="utf-8")
    (out / f"{uri}.rttm").write_text(turns.replace(f"SPEAKER {name} ", f"SPEAKER {uri} "), encoding="utf-8")


def main() -> None:
    """Reads the command line and makes everything."""
    parser = argparse.ArgumentParser(description="Make the speech that ships with Turntone.")
    parser.add_argument("emodb", type=Path, help="folder of EmoDB, utterances in wav/")
    parser.add_argument("ami", type=Path, help="folder of the AMI excerpts, trn00 and trn07 as FLAC and RTTM")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "turntone" / "speech")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    utterances = Utterances(options.emodb)
    for conversation in CONVERSATIONS:
        make_conversation(conversation, utterances, options.out)
    for uri, name in MEETINGS.items():
        copy_meeting(uri, name, options.ami, options.out)


if __name__ == "__main__":
    main()
