"""Measures of whether a participant changed over the sessions of a case."""

from __future__ import annotations

from collections.abc import Iterator

from ..between.case_turns import AFFECT, CaseTurns
from ..between.clusters import Cluster
from ..between.corrections import corrected
from ..between.pre_post import LEAST_SIDE, PARTS, PrePost, pre_post
from ..between.reliable_change import LEAST_SESSIONS as LEAST_RELIABLE
from ..between.reliable_change import case_reliable_change
from ..between.trends import LEAST_SESSIONS, case_trends
from .registry import Least, Measure
from .values import Value

_COMPARED = (*AFFECT, "neutral")


def _trends(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        for each in case_trends(case, person):
            yield Value(each.slope, each.num_sessions, person, key=each.key, low=each.low,
                        high=each.high, chance=0.0, p=each.p, p_corrected=each.p_corrected, effect=each.effect,
                        note=each.note if each.num_sessions >= LEAST_SESSIONS else None)  # fmt: skip


def _pre_post(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        found = _halves_of(case, person)
        p_values = corrected([each.p for each in found])
        for each, p in zip(found, p_values, strict=True):
            yield Value(each.difference, min(each.num_before, each.num_after), person, key=each.key, low=each.low,
                        high=each.high, chance=0.0, p=each.p, p_corrected=float(p), effect=each.effect,
                        note=_sides(each))  # fmt: skip


def _courses(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        found = _halves_of(case, person)
        p_values = corrected([each.course.p if each.course else float("nan") for each in found])
        for each, p in zip(found, p_values, strict=True):
            fewer = min(each.num_before, each.num_after)
            if each.course is None:
                yield Value(float("nan"), fewer, person, key=each.key)
                continue
            largest = max(each.course.clusters, key=lambda cluster: abs(cluster.mass), default=None)
            yield Value(
                largest.mass if largest else 0.0, fewer, person, key=each.key, p=each.course.p, p_corrected=float(p),
                note=f"{_parts(largest)}; {_sides(each)}" if largest else None,
            )  # fmt: skip


def _reliable(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        found = [case_reliable_change(case, person, key, case.participants) for key in _known(case, person)]
        p_values = corrected([each.p for each in found])
        for each, p in zip(found, p_values, strict=True):
            word = "reliable" if each.reliable else "not reliable"
            text = f"{word}; reliability {each.reliability:.2f}, smallest reliable change {each.smallest:.2f}"
            note = text if each.enough else each.note if each.num_sessions >= LEAST_RELIABLE else None
            yield Value(each.index, each.num_sessions, person, key=each.key, chance=0.0, p=each.p,
                        p_corrected=float(p), effect=each.after - each.before,
                        note=note)  # fmt: skip


def _halves_of(case: CaseTurns, person: str) -> list[PrePost]:
    return case.keep(f"halves of {person}", lambda: [pre_post(case, person, key) for key in _known(case, person)])


def _known(case: CaseTurns, person: str) -> list[str]:
    return [key for key in _COMPARED if key in case.of(person).quantities]


def _parts(found: Cluster) -> str:
    first, last = found.start + 1, found.stop
    return f"part {first} of {PARTS}" if first == last else f"parts {first} to {last} of {PARTS}"


def _sides(found: PrePost) -> str | None:
    if not found.enough:
        return None
    since = f" since {found.since}" if found.since else ""
    return f"{found.num_after} sessions{since} against {found.num_before} before"


_HALVES = Least(LEAST_SIDE, "sessions on either side")

CASE_CHANGES = (
    Measure(
        name="case_trend",
        title="Trend over the sessions",
        group="between sessions",
        scope="case",
        unit="change in 30 days",
        definition="Slope of valence, arousal and each emotion's share over the sessions' dates: a linear mixed model "
        "of the turns, weighted by duration, with a random intercept a session, by restricted maximum likelihood; "
        "interval and p from Student's t on the sessions' means with sessions less two degrees of freedom, or fewer by "
        "Satterthwaite's approximation where sessions differ much in turns. The effect is the correlation "
        "t / sqrt(t^2 + degrees of freedom). Corrected among all quantities of the participant.",
        source="Laird and Ware (1982), Biometrics 38, 963-974; Knapp and Hartung (2003), Statistics in Medicine 22, "
        "2693-2710; Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300",
        interpretation="Whether somebody sounded more and more, or less and less so, from session to session; a rising "
        "neutral share is noted with what it may mean.",
        caution="A straight line is all it looks for; another room, microphone or topic rises and falls too, and "
        "neutral speech may be calm, tiredness or the model's doubt as well as numbing.",
        least=Least(LEAST_SESSIONS, "dated sessions on 3 days or more"),
        over=_trends,
        emotional=True,
    ),
    Measure(
        name="case_pre_post",
        title="Later sessions against earlier ones",
        group="between sessions",
        scope="case",
        unit="-1 to 1, difference of means",
        definition="Mean valence, arousal and neutral share of the later half of the sessions less those of the "
        "earlier half, by the same mixed model and test as case_trend. The effect is the difference over the "
        "standard deviation of sessions (Cohen's d). With a day of your own: reports.between.pre_post.",
        source="Knapp and Hartung (2003), Statistics in Medicine 22, 2693-2710; Cohen (1988), Statistical Power "
        "Analysis for the Behavioral Sciences",
        interpretation="Whether somebody sounded different in the later sessions than in the earlier ones.",
        caution="Halves are no treatment and no control; whatever else changed between them is in the difference.",
        least=_HALVES,
        over=_pre_post,
        emotional=True,
    ),
    Measure(
        name="case_pre_post_course",
        title="Where in the session later ones differ",
        group="between sessions",
        scope="case",
        unit="sum of t",
        definition="Each session's means in ten equal parts of the recording; parts with |t| beyond its two-sided 5 % "
        "point and their neighbours of the same sign are clusters, the largest of which is given. p is the share of "
        "shuffles of whole sessions between the halves with a cluster as large; all of at most 2,000 shuffles, else "
        "1,999.",
        source="Maris and Oostenveld (2007), Journal of Neuroscience Methods 164, 177-190",
        interpretation="In which part of the session, if any, somebody came to sound different.",
        caution="The test says that there is a difference, not exactly where it begins and ends.",
        least=_HALVES,
        over=_courses,
        emotional=True,
    ),
    Measure(
        name="case_reliable_change",
        title="Reliable change",
        group="between sessions",
        scope="case",
        unit="standard errors of a difference",
        definition="Last session's mean less the first's, over sqrt(2) times the standard error of measurement: the "
        "deviation of the case's sessions times sqrt(1 - reliability), the reliability from a hundred splits of each "
        "session's blocks of turns into halves, stepped up by Spearman and Brown. The effect is the difference itself.",
        source="Jacobson and Truax (1991), Journal of Consulting and Clinical Psychology 59, 12-19",
        interpretation="Beyond 1.96 either way, the change is larger than the error of measuring a session explains.",
        caution="The error is that of one session's turns; how people differ from day to day without having changed "
        "is not in it, and neither is regression to the mean.",
        least=Least(LEAST_RELIABLE, "sessions of all participants together"),
        over=_reliable,
        emotional=True,
    ),
)
"""Of a participant over a case."""
