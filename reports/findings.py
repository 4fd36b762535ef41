"""What is found in a session for lists that are chosen by it: the flags that are raised, each speaker's call shape."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from diarization.errors import ConfigError
from pipeline.store.findings import Finding
from pipeline.store.listing import ANY_FLAG

from .flags import find_flags, flag_preset_names, load_flags, rules_for
from .flags.rules import Rule
from .measures import find_measures, measure_session
from .measures.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from pipeline.sessions import Session

_MADE_BY = (
    "flags",
    "measures",
    "between",
    "changes.py",
    "resampling.py",
    "session_numbers.py",
    "turns.py",
    "findings.py",
)
"""What of this folder says what is found."""

_SHAPE = "call_shape"


class SessionFinder:
    """Finds the flags that the rules for a session raise, as its page shows them, and the shapes of its courses."""

    @property
    def revision(self) -> str:
        """A hash of the rules and of the program that looks for them: 16 hexadecimal digits."""
        return _revision()

    def __call__(self, session: Session) -> list[Finding]:
        """The flags in the order of the rules, then the shapes in the order of the speakers."""
        return [*_flags(session), *_shapes(session)]


@cache
def flag_titles() -> dict[str, str]:
    """What each rule says of a session, by its name: those that ``auto`` may choose from, in the order of the presets.

    Texts are English; they are to be said in the language spoken.
    """
    rules = [rule for preset in flag_preset_names() for rule in load_flags(preset)]
    return {rule.name: rule.title for rule in rules}


def check_finding_names(flag: str | None, shape: str | None) -> None:
    """Nothing, where sessions can be chosen by a flag of that name and by that shape; each may be left out.

    Raises
    ------
    ConfigError
        Where there is no such flag or shape.
    """
    _check_name("flag", flag, [ANY_FLAG, *flag_titles()])
    _check_name("shape", shape, SHAPES)


def _check_name(what: str, name: str | None, known: Sequence[str]) -> None:
    if name is None or name in known:
        return
    near = get_close_matches(name, known, 1)
    hint = f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"
    raise ConfigError(f"no {what} is called '{name}'{hint}")


def _flags(session: Session) -> Iterator[Finding]:
    for flag in find_flags(session, rules_for(session)).flags:
        yield Finding("flag", flag.rule.name, flag.speaker, flag.other, _emotional(flag.rule))


def _emotional(rule: Rule) -> bool:
    if rule.measure:
        return find_measures([rule.measure])[0].emotional
    return rule.turns not in ("overlap", "duration")


def _shapes(session: Session) -> Iterator[Finding]:
    for row in measure_session(session, [_SHAPE]).to_dict("records"):
        if row["value"] == row["value"]:
            yield Finding("shape", row["key"], row["speaker"])


@cache
def _revision() -> str:
    found = hashlib.sha256()
    folders = [files("configs") / "flags", *(files("reports") / each for each in _MADE_BY)]
    for each in folders:
        for file in _files_in(each):
            found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:16]


def _files_in(place: Traversable) -> Iterator[Traversable]:
    if place.is_file():
        yield place
        return
    for each in sorted(place.iterdir(), key=lambda one: one.name):
        if each.is_dir() or each.name.endswith((".py", ".yaml")):
            yield from _files_in(each)
