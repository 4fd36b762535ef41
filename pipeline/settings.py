"""Reads settings from YAML files, presets and ``key=value``, and writes them with what each means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from diarization.errors import ConfigError

from .config import Config, ReportSettings, Runtime
from .setting_checks import Settings, accepted, as_yaml, check, fields_of, place, shown


@dataclass(frozen=True)
class Setting:
    """One key that a file or ``--set`` may give.

    Parameters
    ----------
    key : str
        With its section: ``turns.max_pause``.
    type : str
        What it accepts, in words: ``a number of at least 0``.
    default : str
        As YAML.
    description : str
        What it is, with its unit.
    """

    key: str
    type: str
    default: str
    description: str


def load_config(file: Path | str | None = None, sets: Sequence[str] = ()) -> Config:
    """The settings of an analysis.

    Parameters
    ----------
    file : Path or str, optional
        A YAML file, or the name of a preset (``preset_names()``); the defaults where left out.
    sets : sequence of str
        ``key=value`` pairs such as ``diarization.num_speakers=2``, which go over what the file says, the last one
        over those before. Values are read as YAML.

    Raises
    ------
    ConfigError
        Where the file cannot be read, a key is unknown or a value not accepted; the message names file, key, value and
        what is accepted.
    """
    settings = _load(file, sets)
    return Config(**{name: getattr(settings, name) for name in Config.model_fields})


def load_runtime(file: Path | str | None = None, sets: Sequence[str] = ()) -> Runtime:
    """What the same file and pairs say of speed: its section ``runtime``.

    Raises
    ------
    ConfigError
        As ``load_config``.
    """
    return _load(file, sets).runtime


def load_reports(file: Path | str | None = None, sets: Sequence[str] = ()) -> ReportSettings:
    """What the same file and pairs say of reports: its section ``reports``.

    Raises
    ------
    ConfigError
        As ``load_config``.
    """
    return _load(file, sets).reports


def preset_names() -> list[str]:
    """The presets that come with the program, by name."""
    return sorted(each.name.removesuffix(".yaml") for each in files("configs").iterdir() if each.name.endswith(".yaml"))


def config_yaml(config: Config) -> str:
    """The settings as a YAML file that ``load_config`` reads, each with what it means as a comment.

    >>> print(config_yaml(Config()).splitlines()[1])
    diarization:
    """
    lines = []
    for name, field in type(config).model_fields.items():
        lines += [f"# {field.description}", f"{name}:"]
        section = getattr(config, name)
        for key, each in type(section).model_fields.items():
            lines += [f"  # {each.description}", f"  {key}: {as_yaml(getattr(section, key), inline=True)}"]
    return "\n".join(lines) + "\n"


def describe() -> list[Setting]:
    """Every setting there is, in order; those of ``reports`` and ``runtime`` come last."""
    return [
        Setting(
            key,
            accepted(field),
            as_yaml(field.get_default(call_default_factory=True), inline=True),
            field.description or "",
        )
        for key, field in fields_of(Settings)
    ]


def _load(file: Path | str | None, sets: Sequence[str]) -> Settings:
    given, source = ({}, "") if file is None else _read(file)
    check(given, source)
    for text in sets:
        key, value = _pair(text)
        check(_nested(key, value), f"--set {text}")
        _put(given, key, value)
    try:
        return Settings(**{section: values or {} for section, values in given.items()})
    except ValidationError as error:
        # What remains once each value is accepted by itself: rules over several of them.
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = str(first.get("ctx", {}).get("error", first["msg"]))
        raise ConfigError(f"{place(source or 'settings', where)}: {said}") from error


def yaml_mapping(text: str, source: str) -> dict[str, Any]:
    """What a YAML text says under its keys; nothing where it is empty.

    Raises
    ------
    ConfigError
        Where it is not YAML, has a key twice or holds something else than keys; the message begins with the source.
    """
    import yaml

    try:
        given = yaml.load(text, _unique_keys_loader())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{source}: {line}not YAML: {getattr(error, 'problem', None) or error}") from error
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigError(
            f"{source}: holds {shown(given)}, where sections such as 'turns:' with keys below are accepted"
        )
    return given


def _read(file: Path | str) -> tuple[dict[str, Any], str]:
    """What a file or preset says, and what to call it."""
    path = Path(file)
    try:
        text = _text(path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8; settings are YAML") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    return yaml_mapping(text, str(path)), str(path)


def _text(path: Path) -> str:
    if path.is_file():
        return path.read_text(encoding="utf-8-sig")
    if str(path) in preset_names():
        return (files("configs") / f"{path}.yaml").read_text(encoding="utf-8")
    if path.exists():
        raise ConfigError(f"{path}: a folder, not a file of settings")
    near = get_close_matches(str(path), preset_names(), 1)
    hint = f"did you mean the preset '{near[0]}'?" if near else f"presets are {', '.join(preset_names())}"
    raise ConfigError(f"{path}: no such file; {hint}")


def _unique_keys_loader() -> Any:
    """YAML's safe loader, which would let the last of two equal keys win, made to refuse them."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if str(key.value) in seen:
                    said = f"the key '{key.value}' stands there twice"
                    raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
                seen.add(str(key.value))
            mapping: dict[Any, Any] = super().construct_mapping(node, deep)
            return mapping

    return Loader


def _pair(text: str) -> tuple[str, Any]:
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text}: not key=value, such as diarization.num_speakers=2")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {text}: '{value}' cannot be read as a value") from error


def _nested(key: str, value: Any) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def _put(given: dict[str, Any], key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        given[section] = given.get(section) or {}
        given = given[section]
    given[name] = value
