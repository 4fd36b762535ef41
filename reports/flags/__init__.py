"""Flags: rules over measures and turns that say what to look at in a session, each with the turns it rests on."""

from .finding import Evidence, Findings, Flag, NotJudged, find_flags
from .presets import flag_preset_names, load_flags, rules_for
from .rules import Rule

__all__ = [
    "Evidence",
    "Findings",
    "Flag",
    "NotJudged",
    "Rule",
    "find_flags",
    "flag_preset_names",
    "load_flags",
    "rules_for",
]
