"""The speech that ships with Turntone: a counselling case, a call and two meetings, each with its true turns.

``CREDITS.md`` beside the files says where it comes from; ``scripts/make_demo_speech.py`` makes it again.

    counselling-1 ... counselling-4   two speakers, 16 kHz, about 80 s each: one case over six weeks
    call-3party                       three speakers, 8 kHz telephone
    meeting-1, meeting-2              three and four speakers, 16 kHz, 30 s each: excerpts of real meetings
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DemoSpeaker:
    """Somebody who speaks, as the truth knows them.

    Parameters
    ----------
    label : str
        As in the RTTM and JSON files; the same person has the same label in every recording of a case.
    name, role : str or None
        What to call them, and what they are there (client, agent, ...); None for people of the real meetings.
    """

    label: str
    name: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class DemoTurn:
    """A true turn: ``[start, end)`` in seconds, its speaker's label, and the acted emotion (None in real meetings)."""

    start: float
    end: float
    speaker: str
    emotion: str | None


@dataclass(frozen=True)
class DemoRecording:
    """One recording that ships, with what is known about it.

    Parameters
    ----------
    path : Path
        The FLAC file.
    date : datetime.date or None
        Day of the (imagined) conversation.
    speakers : tuple of DemoSpeaker
        In order of label.
    turns : tuple of DemoTurn
        Ordered by start; overlap kept.
    """

    path: Path
    date: datetime.date | None
    speakers: tuple[DemoSpeaker, ...]
    turns: tuple[DemoTurn, ...]

    @property
    def rttm(self) -> Path:
        """The file of its true turns."""
        return self.path.with_suffix(".rttm")


@dataclass(frozen=True)
class DemoSession(DemoRecording):
    """A recording of the case; it always has a date."""

    date: datetime.date


@dataclass(frozen=True)
class DemoCase:
    """A series of sessions of the same people: its name, and the sessions ordered by date."""

    name: str
    sessions: tuple[DemoSession, ...]


def speech_folder() -> Path:
    """The folder with the files, wherever Turntone is installed."""
    return Path(__file__).parent


def demo_case() -> DemoCase:
    """The counselling case: four sessions, two weeks apart, of one client and one counsellor."""
    facts = {path: _facts(path) for path in sorted(speech_folder().glob("counselling-*.flac"))}
    (name,) = {known["case"] for known in facts.values()}
    sessions = (
        DemoSession(path, datetime.date.fromisoformat(known["date"]), _speakers(known), _turns(known))
        for path, known in facts.items()
    )
    return DemoCase(name, tuple(sorted(sessions, key=lambda session: session.date)))


def demo_call() -> DemoRecording:
    """The call of three parties: a customer who grows angry, an agent, and a supervisor who joins late."""
    path = speech_folder() / "call-3party.flac"
    known = _facts(path)
    return DemoRecording(path, datetime.date.fromisoformat(known["date"]), _speakers(known), _turns(known))


def demo_meetings() -> tuple[DemoRecording, ...]:
    """The two excerpts of real meetings. Nobody has labelled their emotions."""
    return tuple(_meeting(path) for path in sorted(speech_folder().glob("meeting-*.flac")))


def demo_recordings() -> tuple[DemoRecording, ...]:
    """Every recording that ships: the sessions of the case, the call, the meetings."""
    return (*demo_case().sessions, demo_call(), *demo_meetings())


def _facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return facts


def _speakers(facts: dict[str, Any]) -> tuple[DemoSpeaker, ...]:
    people = sorted(facts["participants"].items())
    return tuple(DemoSpeaker(label, person["name"], person["role"]) for label, person in people)


def _turns(facts: dict[str, Any]) -> tuple[DemoTurn, ...]:
    return tuple(DemoTurn(turn["start"], turn["end"], turn["speaker"], turn["emotion"]) for turn in facts["turns"])


def _meeting(path: Path) -> DemoRecording:
    rows = [line.split() for line in path.with_suffix(".rttm").read_text(encoding="utf-8").splitlines()]
    turns = tuple(
        DemoTurn(float(start), round(float(start) + float(duration), 3), speaker, None)
        for _, _, _, start, duration, _, _, speaker, *_ in rows
    )
    speakers = tuple(DemoSpeaker(label) for label in sorted({turn.speaker for turn in turns}))
    return DemoRecording(path, None, speakers, turns)
