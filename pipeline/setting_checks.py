"""Says in a sentence what is wrong with a setting: which key, which value, what is accepted instead."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from diarization.diarizers import diarizer_names
from diarization.errors import ConfigError
from emotion.recognizers import recognizer_names

from .config import Config, ReportSettings, Runtime
from .masking import mask_problem
from .roles import channel_problem

_PAIR = "--set "
_BACKENDS = {"diarization.backend": diarizer_names, "emotion.backend": recognizer_names}


class Settings(Config):
    """All that a file may hold: what decides results, and apart from it reports and what only changes speed."""

    reports: ReportSettings = Field(default_factory=ReportSettings, description="how sessions are told")
    runtime: Runtime = Field(default_factory=Runtime, description="speed, not results")


def accepted(field: FieldInfo) -> str:
    """What a setting accepts, in words."""
    kinds = [_kind(each, field) for each in _alternatives(field.annotation)]
    return " or ".join(kinds)


def check(given: Mapping[Any, Any], source: str) -> None:
    """Raise a ConfigError for the first key that is unknown or whose value is not accepted."""
    for section, values in list(given.items()):
        if section not in Settings.model_fields:
            raise ConfigError(f"{place(source, section)}: unknown key{_hint(str(section), '')}")
        model = _section(section)
        if values is None and not source.startswith(_PAIR):
            continue  # a section without keys in a file
        if not isinstance(values, Mapping):
            keys = ", ".join(model.model_fields)
            raise ConfigError(
                f"{place(source, section)}: {shown(values)} is not accepted; it is a section with the keys {keys}"
            )
        for name, value in values.items():
            if name not in model.model_fields:
                raise ConfigError(f"{place(source, f'{section}.{name}')}: unknown key{_hint(str(name), section)}")
            _check_value(source, f"{section}.{name}", model, name, value)


def _check_value(source: str, key: str, model: type[BaseModel], name: str, value: Any) -> None:
    field = model.model_fields[name]
    if not _is_accepted(model, name, field, value):
        raise ConfigError(f"{place(source, key)}: {shown(value)} is not accepted; {accepted(field)} is")
    if key == "privacy.mask_roles" and (problem := mask_problem(value)):
        raise ConfigError(f"{place(source, key)}: {problem}")
    if key == "diarization.channels" and (problem := channel_problem(value)):
        raise ConfigError(f"{place(source, key)}: {problem}")
    names = _BACKENDS[key]() if key in _BACKENDS else None
    if names is not None and value not in ("auto", *names):
        near = get_close_matches(value, names, 1)
        hint = f", did you mean '{near[0]}'?" if near else ";"
        raise ConfigError(
            f"{place(source, key)}: '{value}' is not accepted{hint} accepted are auto, {', '.join(names)}"
        )


def _is_accepted(model: type[BaseModel], name: str, field: FieldInfo, value: Any) -> bool:
    # pydantic would take true for 1 and "2" for 2; a file that says so says something else than it means.
    if isinstance(value, bool) and bool not in _alternatives(field.annotation):
        return False
    if isinstance(value, str) and not any(
        each is str or get_origin(each) is Literal for each in _alternatives(field.annotation)
    ):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        model(**{name: value})
    except ValidationError:
        return False
    return True


def place(source: str, key: Any) -> str:
    """Where a value stands: ``configs/a.yaml: turns.max_pause``, or the pair itself, which names its key."""
    if source.startswith(_PAIR):
        return f"--set {key}"
    return f"{source}: {key}" if key else source


def _hint(name: str, section: str) -> str:
    """What a misspelt key may have been meant to be."""
    here = list(_section(section).model_fields) if section else list(Settings.model_fields)
    if near := get_close_matches(name, here, 1):
        return f", did you mean '{near[0]}'?"
    elsewhere = {key.split(".")[1]: key for key, _ in fields_of(Settings)}
    if near := get_close_matches(name, elsewhere, 1, 0.8):
        return f", did you mean '{elsewhere[near[0]]}'?"
    return f"; known are {', '.join(here)}"


def _section(name: str) -> type[BaseModel]:
    model = Settings.model_fields[name].annotation
    assert isinstance(model, type) and issubclass(model, BaseModel)
    return model


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for section in model.model_fields:
        for name, field in _section(section).model_fields.items():
            yield f"{section}.{name}", field


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _kind(annotation: Any, field: FieldInfo) -> str:
    if get_origin(annotation) is dict:
        return "pairs such as {left: agent, right: customer}"
    if get_origin(annotation) is list:
        return "a list such as [agent, supervisor]"
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(map(str, get_args(annotation)))
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}
    bounds = "".join(_bounds(field)) if annotation in (int, float) else ""
    return words[annotation] + bounds


def _bounds(field: FieldInfo) -> Iterator[str]:
    least = next((each.ge for each in field.metadata if getattr(each, "ge", None) is not None), None)
    most = next((each.le for each in field.metadata if getattr(each, "le", None) is not None), None)
    if least is not None and most is not None:
        yield f" from {least:g} to {most:g}"
    elif least is not None:
        yield f" of at least {least:g}"
    elif most is not None:
        yield f" of at most {most:g}"


def as_yaml(value: Any, inline: bool = False) -> str:
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, width=1000, default_flow_style=inline)
    return text.removesuffix("...\n").strip()


def shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else as_yaml(value).replace("\n", ", ")
    return text if len(text) <= 60 else f"{text[:57]}..."
