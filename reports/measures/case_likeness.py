"""Measures of how alike a participant's sessions are, each to the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import isnan

from ..between.blocks import least_turns
from ..between.case_turns import CaseTurns
from ..between.corrections import corrected
from ..between.likeness import Likeness, Way
from ..similarity import Step, similarity_steps
from ..turns import LEAST_TURNS
from .registry import Least, Measure
from .values import Value


def _by(way: Way) -> Callable[[CaseTurns], Iterator[Value]]:
    def over(case: CaseTurns) -> Iterator[Value]:
        for person in case.participants:
            steps = _steps(case, person)
            p_values = corrected([step.ways[way].p for step in steps])
            for step, p_corrected in zip(steps, p_values, strict=True):
                yield _value(step, step.ways[way], person, float(p_corrected))

    return over


def _value(step: Step, found: Likeness, person: str, p_corrected: float) -> Value:
    return Value(
        found.value,
        step.num_turns,
        person,
        key=f"after {step.earlier.id}",
        low=found.low,
        high=found.high,
        chance=found.floor,
        p=found.p,
        p_corrected=p_corrected,
        note=_why_no_p(step) if isnan(found.p) else None,
        session=step.later.id,
    )


def _why_no_p(step: Step) -> str:
    if step.memory is None:
        return "no p: turns stay alike for too long to tell"
    return f"no p: {least_turns(step.memory)} turns in both sessions are needed"


def _raw(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        for step in _steps(case, person):
            yield Value(step.raw, step.num_turns, person, key=f"after {step.earlier.id}", session=step.later.id)


def _steps(case: CaseTurns, person: str) -> tuple[Step, ...]:
    return case.keep(f"steps of {person}", partial(similarity_steps, case, person))


_NEEDED = Least(LEAST_TURNS, "turns with embeddings in both sessions")
_SHUFFLED = (
    "Chance is the median after blocks of neighbouring turns (the square root of the number of turns) were shuffled "
    "199 times between the sessions; the interval is from 499 samples of the blocks. p is the share of 999 shuffles at "
    "least as unlike, of blocks between which as many turns are left out as the participant goes on sounding alike, "
    "found from embeddings and scores of all sessions. Each session stands beside the one before; session_similarity "
    "has all pairs and split-half noise."
)
_CAUTION = (
    "A small p says that two recordings differ, not why: another room, microphone or cold does it, and feelings may "
    "change without it."
)

CASE_LIKENESS = (
    Measure(
        name="case_similarity",
        title="Likeness to the session before",
        group="between sessions",
        scope="case",
        unit="-1 to 1",
        definition="Cosine of the participant's mean embeddings of both sessions, less the mean of the speaker's other "
        "sessions drawn to the mean of everybody in the case as by one session more. " + _SHUFFLED,
        source="Künsch (1989), Annals of Statistics 17, 1217-1241, for the blocks; Turntone for the centre, since "
        "emotion2vec's embeddings of different emotions have cosines above 0.9",
        interpretation="Near 1, somebody sounded the same in both sessions beside how they and everybody else sound "
        "otherwise; below chance with a small p, they sounded different.",
        caution=_CAUTION,
        least=_NEEDED,
        over=_by("cosine"),
        emotional=True,
    ),
    Measure(
        name="case_energy_distance",
        title="Energy distance to the session before",
        group="between sessions",
        scope="case",
        unit="0 to 1; by chance also below 0",
        definition="Unbiased energy distance of the participant's embeddings in both sessions, over twice the mean "
        "distance between them. " + _SHUFFLED,
        source="Székely and Rizzo (2013), Journal of Statistical Planning and Inference 143, 1249-1272",
        interpretation="0 where the turns of both sessions sound as if drawn from one bag, also in how they vary.",
        caution=_CAUTION,
        least=_NEEDED,
        over=_by("energy_distance"),
        emotional=True,
    ),
    Measure(
        name="case_emotion_distance",
        title="Distance of emotions to the session before",
        group="between sessions",
        scope="case",
        unit="0 to 1",
        definition="Jensen-Shannon distance, to base 2, of the emotions' shares of the scored time in both sessions. "
        + _SHUFFLED,
        source="Endres and Schindelin (2003), IEEE Transactions on Information Theory 49, 1858-1860",
        interpretation="0 where the emotions had the same shares in both sessions, 1 where they had none in common.",
        caution="Noise alone makes it larger than 0, the more so the fewer turns there are; hold it against chance.",
        least=_NEEDED,
        over=_by("emotion_distance"),
        emotional=True,
    ),
    Measure(
        name="case_raw_cosine",
        title="Raw cosine to the session before (misleading)",
        group="between sessions",
        scope="case",
        unit="-1 to 1",
        definition="Cosine of the participant's mean embeddings of both sessions, with nothing taken off.",
        source="Turntone: offered for comparison with other tools",
        interpretation="With emotion2vec close to 1 nearly always, whatever was felt.",
        caution="Misleading: emotion2vec's embeddings all point much the same way, and those of different emotions "
        "have cosines above 0.9; use case_similarity.",
        least=_NEEDED,
        over=_raw,
        emotional=True,
    ),
)
"""Of a participant over a case, session by session."""
