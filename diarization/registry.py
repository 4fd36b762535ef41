"""Backends of one kind, found by name; their modules are imported when one is made."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Generic, ParamSpec, TypeVar

from .errors import ConfigError

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


class Registry(Generic[Arguments, Made]):
    """The backends of one kind.

    Parameters
    ----------
    kind : str
        What one of them is called in sentences: ``diarizer``.
    setting : str
        The setting that names one: ``diarization.backend``.
    factories : dict of callables
        By name; each imports its module and makes the backend.
    """

    def __init__(self, kind: str, setting: str, factories: dict[str, Callable[Arguments, Made]]) -> None:
        self._kind, self._setting, self._factories = kind, setting, dict(factories)

    def add(self, name: str, factory: Callable[Arguments, Made]) -> None:
        """Make one more backend known by name."""
        self._factories[name] = factory

    def names(self) -> list[str]:
        """The names there are, in order."""
        return sorted(self._factories)

    def make(self, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
        """The backend of that name.

        Raises
        ------
        ConfigError
            Where there is none.
        """
        if name not in self._factories:
            near = get_close_matches(name, self._factories, 1)
            hint = f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(self.names())}"
            raise ConfigError(f"{self._setting}: no {self._kind} is called '{name}'{hint}")
        return self._factories[name](*args, **kwargs)
