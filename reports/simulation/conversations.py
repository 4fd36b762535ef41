"""Simulated conversations: made of a corpus's utterances, written with their truth."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.random import RandomState

from diarization.errors import TurntoneError

from .casting import Casting
from .corpus import Supply, Utterance, by_voice, read_corpus
from .courses import check_course, emotion_at, trend_emotion
from .plans import Plan, room_of
from .sound import (
    EDGE,
    LOUDEST,
    MILLISECOND,
    RATE,
    PlacedTurn,
    Room,
    decibels,
    in_a_row,
    record,
    rms,
    write_flac,
)
from .truth_files import rttm_text, time_facts, turn_row

MOST_UTTERANCES = 3
"""Utterances of a turn; fewer are as likely."""

GAINS = (-3.0, 3.0)
"""dB between which each speaker's level is drawn."""

FIRST_DAY = datetime.date(2025, 1, 6)
"""Of a case; its sessions are a week apart."""

Watch = Callable[[str, float], None]


@dataclass(frozen=True)
class SimulatedTurn(PlacedTurn):
    """A placed turn and the utterances it is made of."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True)
class SimulatedConversation:
    """A conversation as it was written: its name, and the truth that its JSON file holds."""

    name: str
    truth: dict[str, Any]

    @property
    def overlap(self) -> float:
        """Share of the speech's seconds in which two speak at once."""
        turns = self.truth["turns"]
        both = sum(max(before["end"] - after["start"], 0) for before, after in pairwise(turns))
        return float(both / max(sum(turn["end"] - turn["start"] for turn in turns) - both, 1e-9))

    @property
    def most_heard(self) -> int:
        """How often the utterance that is heard most often is heard."""
        sources = [source for turn in self.truth["turns"] for source in turn["sources"]]
        return max(sources.count(source) for source in sources)


def simulate(
    corpus: Path, out: Path, plan: Plan, emotions: Collection[str] = (), watch: Watch | None = None
) -> list[SimulatedConversation]:
    """Make conversations of a corpus's utterances: for each a FLAC, an RTTM and a JSON file with its truth.

    The same corpus, plan and version give the same files. All of the folder is written or nothing.

    Parameters
    ----------
    corpus : Path
        CSV file: columns path, speaker, emotion; perhaps start, end, text.
    out : Path
        Folder to make; it may be there if it is empty.
    plan : Plan
        What to simulate.
    emotions : collection of str
        Only utterances with these are used; all where empty.
    watch : callable, optional
        Called with a conversation's name and the share of all that is done.

    Raises
    ------
    FormatError
        Where the corpus breaks the rules or has too few utterances.
    AudioError
        Where an utterance cannot be read.
    TurntoneError
        Where the folder has something in it, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TurntoneError(f"{out}: there already, and not an empty folder; choose another --out")
    maker = _Maker(corpus, plan, read_corpus(corpus, emotions))
    draft = out.absolute().with_name(f".{out.name}.{token_hex(4)}.part")
    try:
        draft.mkdir(parents=True)
        made = list(maker.write_all(draft, watch))
        if out.is_dir():
            out.rmdir()
        draft.rename(out)
    except OSError as error:
        raise TurntoneError(f"{out}: cannot be written ({error.strerror or error}); nothing was kept") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


class _Maker:
    """Makes conversations one after the other; each utterance is read once, and heard as rarely as may be."""

    def __init__(self, corpus: Path, plan: Plan, utterances: Sequence[Utterance]) -> None:
        self.corpus, self.plan = corpus, plan
        self.course = check_course(plan.course, plan.trend)
        voices = by_voice(utterances)
        self.supply = Supply(voices)
        self.casting = Casting(voices, self.course, plan.trend, plan.speakers, str(corpus))

    def write_all(self, folder: Path, watch: Watch | None) -> list[SimulatedConversation]:
        plan, made = self.plan, []
        digits = max(len(str(plan.conversations)), 3)
        for number in range(plan.conversations):
            name = f"conversation-{number + 1:0{digits}}"
            if watch:
                watch(name, number / plan.conversations)
            made.append(self._write(folder, name, number))
        return made

    def _write(self, folder: Path, name: str, number: int) -> SimulatedConversation:
        random = RandomState([self.plan.seed, number])
        # A case has the same people throughout: drawn from the seed alone.
        cast = self.casting.draw(random if self.plan.trend == "none" else RandomState([self.plan.seed]))
        turns = self._levelled(self._turns(cast, number, random), random)
        room = room_of(self.plan.conditions[number % len(self.plan.conditions)], random)
        sound = record(turns, room, random)
        write_flac(folder / f"{name}.flac", sound * min(1.0, LOUDEST / np.abs(sound).max()), room.rate)
        facts = self._truth(name, number, cast, turns, room) | {"duration": round(len(sound) / room.rate, 3)}
        rows = [turn_row(at, turns) | self._sources(turn) for at, turn in enumerate(turns)]
        facts |= time_facts(cast, rows) | {"turns": rows}
        text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        (folder / f"{name}.rttm").write_text(rttm_text(name, rows), encoding="utf-8")
        return SimulatedConversation(name, facts)

    def _turns(self, cast: Sequence[str], number: int, random: RandomState) -> list[SimulatedTurn]:
        turns: list[SimulatedTurn] = []
        end, length = EDGE, 60 * self.plan.minutes
        while end < length + EDGE or len(turns) < len(cast):
            speaker = _next_speaker(cast, turns, random)
            emotion = self._emotion(speaker, cast, min(end / length, 1.0), number, random)
            chosen = self.supply.choose(speaker, emotion, 1 + random.randint(MOST_UTTERANCES), random)
            sound = in_a_row([self.supply.sound(each) for each in chosen], random)
            if turns:
                end += self.plan.timing.offset(len(turns[-1].sound) / RATE, len(sound) / RATE, random)
            start = round(1000 * end) * MILLISECOND
            turns.append(SimulatedTurn(speaker, emotion, start, sound, tuple(chosen)))
            end = turns[-1].end / RATE
        return turns

    def _emotion(self, speaker: str, cast: Sequence[str], over: float, number: int, random: RandomState) -> str:
        own, plan, is_first = self.supply.voices[speaker], self.plan, speaker == cast[0]
        if plan.trend == "none" or not is_first:
            return emotion_at(self.course, over, is_first, own, random)
        over = number / max(plan.conversations - 1, 1)
        share = {"improving": over, "worsening": 1 - over, "flat": 0.5}[plan.trend]
        return trend_emotion(share, own, random)

    @staticmethod
    def _levelled(turns: Sequence[SimulatedTurn], random: RandomState) -> list[SimulatedTurn]:
        """Every speaker at a level of his or her own; what is louder within a speaker's speech stays so."""
        factors = {}
        for speaker in sorted({turn.speaker for turn in turns}):
            own = rms(np.concatenate([turn.sound for turn in turns if turn.speaker == speaker]))
            factors[speaker] = decibels(random.uniform(*GAINS) - 20) / own
        return [replace(turn, sound=factors[turn.speaker] * turn.sound) for turn in turns]

    def _truth(
        self, name: str, number: int, cast: Sequence[str], turns: Sequence[SimulatedTurn], room: Room
    ) -> dict[str, Any]:
        plan = self.plan
        facts: dict[str, Any] = {
            "uri": name,
            "corpus": self.corpus.name,
            "scenario": self.course.meaning if plan.trend == "none" else f"{plan.trend} from session to session",
            "course": {cast[0]: plan.course} if plan.trend == "none" else {},
            "condition": room.condition,
            "snr_db": round(room.snr, 1),
            "seed": plan.seed,
            "participants": {speaker: {"name": speaker} for speaker in cast},
        }
        if plan.trend != "none":
            day = FIRST_DAY + datetime.timedelta(weeks=number)
            facts |= {"case": f"simulated, {plan.trend}, seed {plan.seed}", "date": day.isoformat()}
        return facts

    def _sources(self, turn: SimulatedTurn) -> dict[str, Any]:
        """Where a turn's sound comes from, and what is said in it."""
        folder = self.corpus.parent
        paths = [Path(each.clip.source) for each in turn.utterances]
        inside = [path.relative_to(folder) if path.is_relative_to(folder) else path for path in paths]
        text = " ".join(each.text for each in turn.utterances).strip()
        stretches = [each.clip.segment for each in turn.utterances]
        names = [
            path.as_posix() + (f" {stretch.start:g}-{stretch.end:g} s" if stretch else "")
            for path, stretch in zip(inside, stretches, strict=True)
        ]
        return {"sources": names} | ({"text": text} if text else {})


def _next_speaker(cast: Sequence[str], turns: Sequence[PlacedTurn], random: RandomState) -> str:
    """The first speaker begins; then anybody but the last one, and those who have long been silent in time."""
    if not turns:
        return cast[0]
    others = [each for each in cast if each != turns[-1].speaker]
    heard = {turn.speaker for turn in turns}
    silent = [each for each in others if each not in heard]
    waiting = silent if silent and len(turns) >= len(cast) - 1 else others
    return waiting[random.randint(len(waiting))]
