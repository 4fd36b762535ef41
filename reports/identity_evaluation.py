"""How well people are known by voice: on recordings of which it is known who speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from diarization.errors import FormatError
from diarization.identity import IdentityConfig, VoiceEncoder
from diarization.identity_calibration import Calibration
from pipeline.enrolment import encoder_in_use

from .identity_errors import (
    OPEN_SET,
    Figure,
    cost_of_own_calibration,
    fit_pairs,
    open_set_rates,
    pair_rates,
    probability_error,
)
from .identity_trials import DRAWS, Protocol, eligible, try_voices
from .known_voices import KnownVoice, hear_known, read_known

if TYPE_CHECKING:
    from pipeline.engines import Engines

ACCEPTS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Bounds at which the open-set figures are also given, beside the one in use."""

COLUMNS = ("figure", "value", "95 %")
SCORE_COLUMNS = ("pairs", "number", "mean", "5 %", "25 %", "50 %", "75 %", "95 %")
BOUND_COLUMNS = ("identity.accept", *(name.replace("_", " ") for name in OPEN_SET))
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_EDGES = np.round(np.linspace(-1, 1, 41), 2)
_NAMES = {
    "eer": "equal error rate of the similarity",
    "eer_threshold": "similarity at which it lies",
    "eer_evidence": "equal error rate of the evidence",
    "cllr": "Cllr of the evidence, bits",
    "false_accept": "strangers who count as a participant",
    "false_reject": "participants who count as nobody",
    "wrong_person": "participants who count as another",
    "open_set_error": "open-set error",
}


@dataclass(frozen=True, eq=False)
class IdentityEvaluation:
    """How well people are known by voice, and what that was measured on.

    Parameters
    ----------
    source : str
    encoder : VoiceEncoder
    calibration : Calibration
        In use.
    protocol : Protocol
    config : IdentityConfig
    people : tuple of str
        Who speaks.
    enrolled : int
        How many of them could be enrolled.
    num_voices, num_short : int
        Voices heard, and those of them that are too short to be matched.
    pairs, trials : DataFrame
        As ``try_voices`` gives them.
    """

    source: str
    encoder: VoiceEncoder
    calibration: Calibration
    protocol: Protocol
    config: IdentityConfig
    people: tuple[str, ...]
    enrolled: int
    num_voices: int
    num_short: int
    pairs: pd.DataFrame
    trials: pd.DataFrame

    @property
    def accept(self) -> float:
        """The probability from which a match counts; above 1 where the encoder is not measured."""
        return self.config.accept if self.calibration.is_measured else 2.0

    def own_calibration(self) -> Calibration:
        """What these voices say that scores of the encoder mean."""
        return fit_pairs(self.pairs, f"{self.source}, {len(self.people)} people")

    def figures(self) -> dict[str, Figure]:
        """All figures with their intervals."""
        rates = pair_rates(self.pairs, self.people)
        return rates | open_set_rates(self.trials, self.people, self.accept)

    def by_bound(self) -> list[dict[str, float | None]]:
        """The open-set figures at each of ``ACCEPTS``."""
        rates = [open_set_rates(self.trials, self.people, bound, interval=False) for bound in ACCEPTS]
        return [
            {"accept": bound, **{name: each.value for name, each in own.items()}}
            for bound, own in zip(ACCEPTS, rates, strict=True)
        ]

    def scores(self) -> dict[str, dict[str, Any]]:
        """How similar voices of one person are, and of two: number, mean, quantiles and counts between ``edges``."""
        kinds = {"same": self.pairs[self.pairs["same"]], "different": self.pairs[~self.pairs["same"]]}
        return {kind: _distribution(own["similarity"].to_numpy(float)) for kind, own in kinds.items()}

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "source": self.source,
            "encoder": asdict(self.encoder),
            "calibration": asdict(self.calibration),
            "settings": self.config.model_dump(),
            "protocol": asdict(self.protocol) | {"draws": DRAWS},
            "num_people": len(self.people),
            "num_enrolled": self.enrolled,
            "num_voices": self.num_voices,
            "num_short": self.num_short,
            "num_trials": {
                "participants": int(self.trials["known"].sum()),
                "strangers": int((~self.trials["known"]).sum()),
            },
            "figures": {name: asdict(each) for name, each in self.figures().items()},
            "probability_error": probability_error(self.trials),
            "cllr_own_calibration": cost_of_own_calibration(self.pairs, self.people),
            "by_accept": self.by_bound(),
            "scores": self.scores() | {"edges": _EDGES.tolist()},
        }

    def table(self) -> list[tuple[Any, ...]]:
        """Rows for the terminal in the order of ``COLUMNS``."""
        rows: list[tuple[Any, ...]] = [
            (_NAMES[name], _three(each.value), "" if each.low is None else f"{each.low:.3f} to {each.high:.3f}")
            for name, each in self.figures().items()
        ]
        rows.append(("calibration error of the probabilities", _three(probability_error(self.trials)), ""))
        own = cost_of_own_calibration(self.pairs, self.people)
        rows.append(("Cllr of a calibration made of these voices", _three(own), ""))
        return rows

    def score_table(self) -> list[tuple[Any, ...]]:
        """Rows for the terminal in the order of ``SCORE_COLUMNS``."""
        names = {"same": "of one person", "different": "of two"}
        return [
            (names[kind], str(each["number"]), _three(each["mean"]), *map(_three, each["quantiles"]))
            for kind, each in self.scores().items()
        ]

    def bound_table(self) -> list[tuple[Any, ...]]:
        """Rows for the terminal in the order of ``BOUND_COLUMNS``."""
        return [(f"{each['accept']:g}", *(_three(each[name]) for name in OPEN_SET)) for each in self.by_bound()]

    def notes(self) -> list[str]:
        """What a reader should know, a sentence each."""
        people, strangers = self.protocol.participants, int((~self.trials["known"]).sum())
        said = [
            f"{len(self.people)} people, {self.num_voices} voices heard; {self.enrolled} people enrolled from "
            f"{self.protocol.enroll} recordings each, cases of {people}, {DRAWS} draws: {len(self.trials) - strangers} "
            f"trials of participants and {strangers} of strangers."
        ]
        if self.num_short:
            said.append(
                f"{self.num_short} voices are shorter than identity.min_speech ({self.config.min_speech:g} s): an "
                "analysis says nothing of them, and they are tried only where --test joins them."
            )
        if not self.calibration.is_measured:
            said.append(
                "Nobody has measured this encoder, so its matches are suggestions and none counts; --keep lets the "
                "workspace read its scores by a calibration made of these voices."
            )
        return said


def evaluate_identity(
    source: Path,
    engines: Engines,
    calibration_of: Callable[[VoiceEncoder], Calibration],
    protocol: Protocol,
    watch: Callable[[str, float], None] | None = None,
) -> IdentityEvaluation:
    """Enrol people from some of their recordings, look for them and for strangers in the rest; nothing is stored.

    Parameters
    ----------
    source : Path
        A folder or a CSV file, see ``read_known``.
    engines : Engines
        Whose diarizer and identity settings count.
    calibration_of : callable
        Gives what scores of an encoder mean.
    protocol : Protocol
        With 0 participants for half of those who can be enrolled.
    watch : callable, optional
        Called with a recording's name and the share that is done.

    Raises
    ------
    FormatError
        Where the recordings cannot be read, or are too few for the protocol.
    """
    recordings = read_known(source)
    if protocol.test > 1 and any(each.truth for each in recordings):
        raise FormatError(f"{source}: its recordings have several speakers; --test joins clips of one person alone")
    encoder = encoder_in_use(engines)
    voices = list(hear_known(recordings, engines, watch))
    protocol, people = _checked(source, voices, protocol), tuple(sorted({each.person for each in voices}))
    config, calibration = engines.config.identity, calibration_of(encoder)
    pairs, trials = try_voices(voices, protocol, config, calibration)
    if not len(pairs) or pairs["same"].nunique() < 2:
        raise FormatError(
            f"{source}: no voices of one person and of two are left to compare; more speech of each is needed, or a "
            f"lower identity.min_speech (now {config.min_speech:g} s)"
        )
    return IdentityEvaluation(
        source.name, encoder, calibration, protocol, config, people,
        len(eligible(voices, protocol.enroll, protocol.test)), len(voices),
        sum(each.voice.seconds < config.min_speech for each in voices), pairs, trials,
    )  # fmt: skip


def _checked(source: Path, voices: Sequence[KnownVoice], protocol: Protocol) -> Protocol:
    """The protocol with the number of participants in it."""
    people = eligible(voices, protocol.enroll, protocol.test)
    if len({each.person for each in voices}) < 2 or not people:
        raise FormatError(
            f"{source}: {len(people)} people are heard in {protocol.enroll + protocol.test} recordings or more; two "
            "people and one such are needed, or a smaller --enroll or --test"
        )
    if protocol.participants > len(people):
        raise FormatError(
            f"{source}: --participants {protocol.participants}, but only {len(people)} people can be enrolled"
        )
    return replace(protocol, participants=protocol.participants or max(1, len(people) // 2))


def _distribution(scores: Any) -> dict[str, Any]:
    return {
        "number": len(scores),
        "mean": round(float(scores.mean()), 4),
        "quantiles": [round(float(each), 4) for each in np.quantile(scores, _QUANTILES)],
        "counts": np.histogram(scores, _EDGES)[0].tolist(),
    }


def _three(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
