"""Reads rules from YAML: a preset of this program or a file of the user's, with errors that name file and rule."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from diarization.errors import ConfigError
from pipeline.settings import yaml_mapping

from .rules import Rule

if TYPE_CHECKING:
    from pipeline.sessions import Session

AUTO, NONE = "auto", "none"
_BY_ROLE = {
    "client": "counselling", "counsellor": "counselling",
    "customer": "call-centre", "agent": "call-centre", "supervisor": "call-centre",
}  # fmt: skip


def flag_preset_names() -> list[str]:
    """The presets of rules that come with the program, by name."""
    folder = files("configs") / "flags"
    return sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))


def rules_for(session: Session, named: str = AUTO) -> tuple[Rule, ...]:
    """The rules that the setting ``reports.flags`` means for a session; ``auto`` goes by the roles of its speakers.

    Raises
    ------
    ConfigError
        As ``load_flags``.
    """
    if named != AUTO:
        return load_flags(named)
    presets = [_BY_ROLE[role] for role in session.speakers["role"] if role in _BY_ROLE]
    return load_flags(presets[0]) if presets else ()


def load_flags(named: str | Path) -> tuple[Rule, ...]:
    """The rules of a preset or of a YAML file; none for ``none``.

    Raises
    ------
    ConfigError
        Where there is no such file or preset, or a rule is not one; the message names file, rule and field.
    """
    if str(named) == NONE:
        return ()
    source, text = _text(Path(named))
    given = yaml_mapping(text, source)
    if list(given) != ["flags"] or not isinstance(given["flags"], list) or not given["flags"]:
        raise ConfigError(f"{source}: rules stand in a list under the key 'flags', each beginning with '- name:'")
    rules = tuple(_rule(each, number, source) for number, each in enumerate(given["flags"], 1))
    _check_names(rules, source)
    return rules


def _text(path: Path) -> tuple[str, str]:
    try:
        if path.is_file():
            return str(path), path.read_text(encoding="utf-8-sig")
        if str(path) in flag_preset_names():
            return f"preset {path}", (files("configs") / "flags" / f"{path}.yaml").read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8; rules are YAML") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    known = [AUTO, NONE, *flag_preset_names()]
    near = get_close_matches(str(path), known, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"give a YAML file, or one of {', '.join(known)}"
    raise ConfigError(f"{path}: no such file of flags; {hint}")


def _rule(given: Any, number: int, source: str) -> Rule:
    name = given.get("name") if isinstance(given, dict) else None
    where = f"{source}: flag '{name}'" if isinstance(name, str) and name else f"{source}: flag {number}"
    if not isinstance(given, dict):
        raise ConfigError(f"{where}: {given!r} is no rule; a rule has fields such as 'name' and 'measure'")
    try:
        return Rule.model_validate({str(key): value for key, value in given.items()})
    except (ValidationError, ConfigError) as error:
        raise ConfigError(f"{where}: {_problem(error)}") from error


def _problem(error: ValidationError | ConfigError) -> str:
    """What is wrong, in a sentence, of the first field that is."""
    if isinstance(error, ConfigError):
        return str(error)
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        names = [each.alias or name for name, each in Rule.model_fields.items()]
        near = get_close_matches(field, names, 1)
        return f"{field}: unknown field" + (
            f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(names)}"
        )
    if first["type"] == "missing":
        return f"'{field}' is missing"
    said = str(first.get("ctx", {}).get("error", first["msg"]))
    return f"{field}: {first['input']!r} is not accepted; {said[:1].lower()}{said[1:]}" if field else said


def _check_names(rules: Sequence[Rule], source: str) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise ConfigError(f"{source}: flag '{rule.name}': there are two of that name")
        seen.add(rule.name)
