"""What an analysis is asked for, as commands and programs write it, checked before anything is analysed."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diarization.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config import Config, Runtime


def load_settings(
    config: Config | str | Path | None,
    settings: Sequence[str],
    device: str,
    speakers: tuple[int | None, int | None, int | None],
    turns: str | Path | None,
    channels: Mapping[str, str] | None,
) -> tuple[Config, Runtime]:
    """The settings of an analysis.

    Parameters
    ----------
    config, settings, device, turns, channels
        As for ``turntone.analyze_many``.
    speakers : tuple of int or None
        Their number, the least and the most.

    Raises
    ------
    ConfigError
        Where a setting is wrong, or a Config is given with others beside it.
    """
    from pipeline.config import Config as Settings
    from pipeline.settings import load_config, load_runtime

    given = list(settings)
    if channels is not None:
        given.append(f"diarization.channels={json.dumps(dict(channels))}")
    if turns is not None:
        reference = json.dumps(str(turns), ensure_ascii=False)
        given += ["diarization.backend=reference", f"diarization.reference={reference}"]
    names = ("num_speakers", "min_speakers", "max_speakers")
    given += [f"diarization.{name}={count}" for name, count in zip(names, speakers, strict=True) if count is not None]
    given += [] if device == "auto" else [f"runtime.device={device}"]
    if not isinstance(config, Settings):
        return load_config(config, given), load_runtime(config, given)
    if any(not each.startswith("runtime.") for each in given):
        raise ConfigError("config: a Config is taken whole; put the other settings into it")
    return config, load_runtime(None, given)


def parse_day(date: str | datetime.date | None) -> datetime.date | None:
    """A day, as ``2026-03-02``.

    Raises
    ------
    ConfigError
        Where the text is none.
    """
    if not isinstance(date, str):
        return date
    try:
        return datetime.date.fromisoformat(date)
    except ValueError:
        raise ConfigError(f"date '{date}': not a day; write it as 2026-03-02") from None


def check_one_recording(
    recordings: Sequence[Path],
    date: datetime.date | None,
    roles: Mapping[str, str] | None,
    turns: str | Path | None,
) -> None:
    """Make sure that what can be said of one recording is not said of several.

    Raises
    ------
    ConfigError
        Where a date, roles by speaker or one recording's turns are given for several.
    """
    from diarization.reference_diarizer import holds_one_recording

    if len(recordings) < 2:
        return
    one_by_one = f"one recording, not {len(recordings)}; analyse them one by one, or name them in a manifest"
    if date is not None:
        raise ConfigError(f"date {date}: a date is for {one_by_one}")
    if roles:
        raise ConfigError(f"roles: speakers are named for {one_by_one}")
    if turns is not None and Path(turns).is_file() and holds_one_recording(Path(turns)):
        raise ConfigError(
            f"turns {turns}: it holds the turns of one recording, and {len(recordings)} are given; name a folder with "
            "a file for each, or analyse them one by one"
        )
