"""People enrolled from some of their recordings and looked for in the rest, again and again, with strangers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from diarization.identity import IdentityConfig, Voice, Voiceprint, similarity, voiceprint_of
from diarization.identity_calibration import Calibration, scarcity
from diarization.identity_matching import Match, match_speakers

from .known_voices import KnownVoice

DRAWS = 10
"""How often people are drawn to be participants, and recordings to enrol them from, each time anew."""

PAIRS = ("person", "enrolled", "similarity", "scarcity", "evidence", "same")
TRIALS = ("person", "known", "matched", "probability")


@dataclass(frozen=True)
class Protocol:
    """How voices are tried.

    Parameters
    ----------
    enroll : int
        Recordings that somebody is enrolled from.
    test : int
        Clips of one person that are heard as one voice; conversations are tried as they are.
    participants : int
        People of a case; everybody else is a stranger to it.
    """

    enroll: int
    test: int
    participants: int


@dataclass(frozen=True, eq=False)
class _Tested:
    """A voice that is looked for, and the recording it is from; None where it is of several."""

    person: str
    voice: Voice
    recording: int | None


def eligible(voices: Sequence[KnownVoice], enroll: int, test: int) -> list[str]:
    """The people with enough recordings to be enrolled from some and looked for in others."""
    counts: dict[str, int] = defaultdict(int)
    for each in voices:
        counts[each.person] += 1
    return sorted(person for person, count in counts.items() if count >= enroll + test)


def try_voices(
    voices: Sequence[KnownVoice], protocol: Protocol, config: IdentityConfig, calibration: Calibration
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs of voices, and trials of speakers against cases, over ``DRAWS`` draws with fixed seeds.

    Voices and voiceprints of less than ``config.min_speech`` seconds take no part, as in an analysis.

    Returns
    -------
    pairs : DataFrame
        ``PAIRS``: a tested voice of ``person`` beside the voiceprint of ``enrolled``, never from one recording.
    trials : DataFrame
        ``TRIALS``: a speaker who is ``person``; whether the case has that participant; whom the voice is likeliest to
        be (None for nobody), and how likely, 0 to 1.
    """
    pairs: list[Any] = []
    trials: list[Any] = []
    for seed in range(DRAWS):
        random = np.random.default_rng(seed)
        order = [voices[at] for at in random.permutation(len(voices))]
        people = eligible(voices, protocol.enroll, protocol.test)
        enrolled = {name: [each for each in order if each.person == name][: protocol.enroll] for name in people}
        prints = {name: voiceprint_of(each.voice for each in own) for name, own in enrolled.items()}
        known = {name: each for name, each in prints.items() if each and each.seconds >= config.min_speech}
        heard_in = {name: {each.recording for each in own} for name, own in enrolled.items()}
        taken = {(each.person, each.recording) for own in enrolled.values() for each in own}
        rest = [each for each in order if (each.person, each.recording) not in taken]
        sessions = list(_sessions(rest, protocol.test, config.min_speech))
        if not known:
            continue
        size = min(protocol.participants, len(known))
        case = sorted(random.choice(sorted(known), size, replace=False).tolist())
        for session in sessions:
            pairs += _pairs(session, known, heard_in, calibration)
            here = [name for name in case if session[0].recording not in heard_in[name]]
            trials += _trials(session, {name: known[name] for name in here}, config, calibration)
    return pd.DataFrame(pairs, columns=list(PAIRS)), pd.DataFrame(trials, columns=list(TRIALS))


def _sessions(rest: Sequence[KnownVoice], test: int, least: float) -> Iterator[list[_Tested]]:
    """The voices that are heard together: of a conversation all, of clips each or ``test`` of a person as one."""
    if test > 1:
        by_person: dict[str, list[Voice]] = defaultdict(list)
        for each in rest:
            by_person[each.person].append(each.voice)
        joined = [
            (person, voiceprint_of(own[at : at + test]))
            for person, own in sorted(by_person.items())
            for at in range(0, len(own) - test + 1, test)
        ]
        groups = [[_Tested(person, Voice(each.vector, each.seconds), None)] for person, each in joined if each]
    else:
        by_recording: dict[int, list[_Tested]] = defaultdict(list)
        for each in rest:
            by_recording[each.recording].append(_Tested(each.person, each.voice, each.recording))
        groups = [own for _, own in sorted(by_recording.items())]
    long_enough = ([each for each in own if each.voice.seconds >= least] for own in groups)
    yield from (own for own in long_enough if own)


def _pairs(
    session: Sequence[_Tested], prints: dict[str, Voiceprint], heard_in: dict[str, set[int]], calibration: Calibration
) -> Iterator[tuple[Any, ...]]:
    for tested in session:
        for name, voiceprint in prints.items():
            if tested.recording not in heard_in[name]:
                score = similarity(tested.voice, voiceprint)
                evidence = calibration.evidence(score, tested.voice.seconds, voiceprint.seconds)
                scarce = scarcity(tested.voice.seconds, voiceprint.seconds)
                yield tested.person, name, score, float(scarce), float(evidence), tested.person == name


def _trials(
    session: Sequence[_Tested], case: dict[str, Voiceprint], config: IdentityConfig, calibration: Calibration
) -> Iterator[tuple[Any, ...]]:
    names = list(case)
    evidence = np.full((len(session), len(names)), np.nan)
    for row, tested in enumerate(session):
        for column, voiceprint in enumerate(case.values()):
            score = similarity(tested.voice, voiceprint)
            evidence[row, column] = calibration.evidence(score, tested.voice.seconds, voiceprint.seconds)
    found = match_speakers(evidence, config.stranger) if names else [None] * len(session)
    for tested, match in zip(session, found, strict=True):
        matched, probability = (
            (names[match.participant], match.probability) if isinstance(match, Match) else (None, 0.0)
        )
        yield tested.person, tested.person in case, matched, probability
