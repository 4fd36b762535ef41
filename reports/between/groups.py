"""Groups of people or sessions compared with each other: one linear mixed model for each outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from diarization.errors import ConfigError

from .corrections import corrected
from .mixed_models import RandomIntercept, random_intercept, regress_means

LEAST_PEOPLE = 3
"""Participants in each of two groups below which they are not compared, unless people are in both."""

LEAST_PAIRED = 4
"""Participants seen in both groups that are enough without that."""

_NAN = float("nan")
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Level:
    """One group as it is in one outcome.

    Parameters
    ----------
    name : str
        As in the table of covariates.
    mean, deviation : float
        Of its observations (a participant in a session), unweighted; nan where there are too few.
    num_speakers, num_sessions, num_turns : int
        Participants, sessions, and turns that the outcome stands on.
    """

    name: str
    mean: float
    deviation: float
    num_speakers: int
    num_sessions: int
    num_turns: int


@dataclass(frozen=True)
class Contrast:
    """A group against the reference, in one outcome.

    Parameters
    ----------
    outcome : str
        Measure and key, as ``emotion_share: sad``.
    unit : str
        Of the difference.
    level, reference : Level
        Both groups.
    difference, low, high, p : float
        Level less reference by the mixed model, with its 95 % interval and p; nan where there is not enough data.
    p_corrected : float
        Among all contrasts of the comparison.
    effect : float
        The difference over the standard deviation of observations within groups, participants' included (Cohen's d).
    freedom : float
        Degrees of freedom of Student's t.
    shared : float
        Share of the variance within groups that lies between participants (intraclass correlation), 0 to 1.
    note : str or None
        What would be enough, where there is not enough data.
    """

    outcome: str
    unit: str
    level: Level
    reference: Level
    difference: float = _NAN
    low: float = _NAN
    high: float = _NAN
    p: float = _NAN
    p_corrected: float = _NAN
    effect: float = _NAN
    freedom: float = _NAN
    shared: float = _NAN
    note: str | None = None


def compare_groups(
    observations: pd.DataFrame, reference: str | None = None, correction: str = "benjamini-hochberg"
) -> tuple[Contrast, ...]:
    """Compare every group with the reference, in every outcome.

    Each pair of groups has its own model: observations = groups + random intercept a participant, by restricted maximum
    likelihood. Where nobody is in both groups, the test is on the participants' means, with participants less two
    degrees of freedom; where people are in both, it is within people, with observations less participants less one.
    Where some are and some are not, the fewer of both is taken.

    Parameters
    ----------
    observations : pd.DataFrame
        A row a participant, session and outcome: ``outcome, unit, level, participant, session, value, num_turns``.
        Participants are told apart by ``participant``, whatever case they are in.
    reference : str, optional
        The level that the others are compared with; the first in order of name where left out.
    correction : str
        Of ``corrections.CORRECTIONS``.

    Raises
    ------
    ConfigError
        Where there are not two groups, or the reference is none of them.
    """
    names = sorted(set(observations["level"]))
    if len(names) < 2:
        there = f"there is only '{names[0]}'" if names else "nothing measured has a group"
        raise ConfigError(f"groups: two are needed to compare, {there}")
    first = names[0] if reference is None else reference
    if first not in names:
        raise ConfigError(f"reference '{first}': no such group; they are {', '.join(names)}")
    found = [
        _contrast(own, first, name)
        for _, own in observations.groupby("outcome", sort=False)
        for name in names
        if name != first
    ]
    p_values = corrected([each.p for each in found], correction)
    return tuple(replace(each, p_corrected=float(p)) for each, p in zip(found, p_values, strict=True))


def _contrast(own: pd.DataFrame, reference: str, name: str) -> Contrast:
    known = own[np.isfinite(own["value"].to_numpy(float))]
    sides = [known[known["level"] == each] for each in (reference, name)]
    base = Contrast(str(own["outcome"].iloc[0]), str(own["unit"].iloc[0]), _level(name, sides[1]),
                    _level(reference, sides[0]))  # fmt: skip
    both = len(set(sides[0]["participant"]) & set(sides[1]["participant"]))
    fewest = min(base.level.num_speakers, base.reference.num_speakers)
    if both < LEAST_PAIRED and fewest < LEAST_PEOPLE:
        return replace(base, note=_too_little(base, both))
    return _tested(base, pd.concat(sides), name, both)


def _tested(base: Contrast, rows: pd.DataFrame, name: str, both: int) -> Contrast:
    values = np.asarray(rows["value"], np.float64)
    people = pd.factorize(rows["participant"])[0].astype(np.int64)
    is_level = np.asarray(rows["level"] == name, np.float64)
    design = np.column_stack([np.ones(len(rows)), is_level])
    if both == 0:
        level_of = np.bincount(people, is_level) / np.bincount(people)
        fit = regress_means(values, np.column_stack([np.ones(len(level_of)), level_of]), people, np.ones(len(values)))
        estimate, error, freedom, model = fit.coefficients[1], fit.errors[1], float(fit.freedom), fit.model
    else:
        model = random_intercept(values, design, people)
        estimate, error = model.coefficients[1], np.sqrt(model.covariance[1, 1])
        freedom = _freedom(len(values), int(people.max()) + 1, both)
    return _with_test(base, float(estimate), float(error), freedom, model)


def _freedom(num_observations: int, num_people: int, both: int) -> float:
    within, between = num_observations - num_people - 1, num_people - 2
    return float(max(within if both == num_people else min(within, between), 1))


def _with_test(base: Contrast, estimate: float, error: float, freedom: float, model: RandomIntercept) -> Contrast:
    from scipy.stats import t

    reach = float(t.ppf(0.975, freedom)) * error
    chance = 2 * float(t.sf(abs(estimate) / error, freedom)) if error > 0 else float(abs(estimate) < _ROUNDING)
    variance = model.between + model.within
    return replace(
        base,
        difference=estimate,
        low=estimate - reach,
        high=estimate + reach,
        p=chance,
        effect=estimate / np.sqrt(variance) if variance > 0 else 0.0,
        freedom=freedom,
        shared=model.between / variance if variance > 0 else 0.0,
    )


def _level(name: str, rows: pd.DataFrame) -> Level:
    values = np.asarray(rows["value"], np.float64)
    return Level(
        name,
        float(values.mean()) if len(values) else _NAN,
        float(values.std(ddof=1)) if len(values) > 1 else _NAN,
        rows["participant"].nunique(),
        rows["session"].nunique(),
        int(rows["num_turns"].sum()),
    )


def _too_little(base: Contrast, both: int) -> str:
    counts: Sequence[str] = [f"{each.num_speakers} in {each.name}" for each in (base.reference, base.level)]
    return (
        f"not enough data: {LEAST_PEOPLE} participants in each group, or {LEAST_PAIRED} in both, are needed; there are "
        f"{' and '.join(counts)}, {both} of them in both"
    )
