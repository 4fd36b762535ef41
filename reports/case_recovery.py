"""The trends of cases in an evaluation: each session's mean valence, relative to the case where the recogniser is."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emotion.recognizers import BaselineRecognizer
from pipeline.scoring import MeasuredVoices, recognize_measured, score_turns

from .attribution import SaidTurn
from .recovery import SessionMean, Trend, found_valences, known_valences, mean_valence, trends
from .truth import Truth
from .turns import LEAST_TURNS

if TYPE_CHECKING:
    from pipeline.analysis import Scoring
    from pipeline.engines import Engines


@dataclass(frozen=True)
class CaseSession:
    """One session of a case, truly and as found; found speakers have the names of the true ones paired with them."""

    case: str
    date: datetime.date
    truth: Truth
    said: tuple[SaidTurn, ...]
    measured: MeasuredVoices | None


def case_session(truth: Truth, said: Sequence[SaidTurn], scoring: Scoring) -> CaseSession | None:
    """What trends need of a recording; None where the truth gives no case or no date."""
    if truth.case is None or truth.date is None:
        return None
    return CaseSession(truth.case, truth.date, truth, tuple(said), scoring.measured)


def case_trends(sessions: Sequence[CaseSession], engines: Engines) -> list[Trend]:
    """The trends of all cases.

    A recogniser with baselines scores each speaker anew, relative to all sessions of the case, as an analysis does once
    it is known who speaks. Here the pairing with the true speakers says who.
    """
    means = []
    for case in dict.fromkeys(each.case for each in sessions):
        own = [each for each in sessions if each.case == case]
        means += [_mean(each) for each in _relative_to_case(own, engines)]
    return trends(means)


def _relative_to_case(sessions: Sequence[CaseSession], engines: Engines) -> list[CaseSession]:
    recognizer = engines.recognizer
    measured = [each.measured for each in sessions]
    if not isinstance(recognizer, BaselineRecognizer) or None in measured:
        return list(sessions)
    speakers = [[each.turn.speaker for each in session.said] for session in sessions]
    heard = {
        who: [each for voices, own in zip(measured, speakers, strict=True) if voices for each in voices.of(who, own)]
        for who in {who for own in speakers for who in own}
    }
    baselines = {who: recognizer.pool(own, "case") for who, own in heard.items() if own}
    found = []
    for session, voices, own in zip(sessions, measured, speakers, strict=True):
        assert voices is not None
        known = {who: baseline for who, baseline in baselines.items() if voices.of(who, own)}
        recognitions = recognize_measured(recognizer, voices, own, known)
        rows = [_row(each) for each in session.said]
        valences = score_turns(rows, engines.readout, voices.windows, recognitions).table["valence"]
        said = tuple(replace(each, valence=float(new)) for each, new in zip(session.said, valences, strict=True))
        found.append(replace(session, said=said))
    return found


def _row(said: SaidTurn) -> dict[str, object]:
    turn = said.turn
    return {
        "start": turn.start,
        "end": turn.end,
        "speaker": turn.speaker,
        "speaker_confidence": turn.speaker_confidence,
        "overlap": turn.overlap,
        "reason": None,
    }


def _mean(session: CaseSession) -> SessionMean:
    true = {who: mean_valence(turns) for who, turns in known_valences(session.truth.emotions).items()}
    found = {who: found_valences(session.said, who) for who in true}
    enough = {who: turns for who, turns in found.items() if len(turns) >= LEAST_TURNS}
    means = {who: mean_valence(turns) for who, turns in enough.items()}
    return SessionMean(session.case, session.date, true, means, enough)
