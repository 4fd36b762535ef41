"""Every format of turns by name; reads and writes files in any of them."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from ..errors import FormatError
from ..files import write_whole
from . import aws, csv, eaf, pyannote, rttm, srt, textgrid, turntone, vtt, whisperx
from .turn_files import FileTurn, TurnCodec, TurnFile

CODECS: dict[str, TurnCodec] = {
    codec.name: codec
    for codec in (
        rttm.CODEC, textgrid.CODEC, eaf.CODEC, whisperx.CODEC, pyannote.CODEC, aws.CODEC, turntone.CODEC, vtt.CODEC,
        srt.CODEC, csv.CODEC,
    )
}  # fmt: skip
"""By name. The order is that in which files beside a recording are looked for."""


def codec_names() -> list[str]:
    """The names of the formats, in order."""
    return list(CODECS)


def codec(name: str) -> TurnCodec:
    """The format of that name.

    Raises
    ------
    FormatError
        Where there is none.
    """
    if name in CODECS:
        return CODECS[name]
    near = get_close_matches(name, CODECS, 1)
    hint = f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(CODECS)}"
    raise FormatError(f"no format of turns is called '{name}'{hint}")


def extensions() -> list[str]:
    """The extensions of files of turns, in the order of the formats, each once."""
    return list(dict.fromkeys(each for codec in CODECS.values() for each in codec.extensions))


def codec_of(path: Path, text: str) -> TurnCodec:
    """The format of a file, from its extension and what is in it.

    Raises
    ------
    FormatError
        Where it is none of those known.
    """
    named = [each for each in CODECS.values() if path.suffix.lower() in each.extensions]
    fitting = next((each for each in [*named, *CODECS.values()] if each.recognizes(text)), None)
    if fitting is not None:
        return fitting
    if len(named) == 1:
        return named[0]  # its own errors say what is wrong
    titles = ", ".join(each.title for each in named or CODECS.values())
    raise FormatError(f"{path}: no turns are in it that could be read; accepted are {titles}")


def decode(content: bytes, path: Path) -> str:
    """The text of a file in UTF-8 or, with a byte order mark, UTF-16.

    Raises
    ------
    FormatError
        Where it is neither.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}: line {line}: this is not text in UTF-8; save the file as UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FormatError(f"{path}: line {line}: this is not text; give a file of turns")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_turns(path: Path, recording: str | None = None, name: str | None = None) -> TurnFile:
    """The turns of one recording in a file.

    Parameters
    ----------
    path : Path
        In any of the formats.
    recording : str, optional
        Name of the recording, without extension; needed only where the file speaks of several.
    name : str, optional
        Of the format; told from the file where left out.

    Raises
    ------
    FormatError
        Where the file cannot be read, is of no known format or breaks its rules; the message names the place.
    """
    return parse_turns(read_content(path), path, recording, name)


def read_content(path: Path) -> bytes:
    """The bytes of a file of turns.

    Raises
    ------
    FormatError
        Where it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FormatError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error


def parse_turns(content: bytes, path: Path, recording: str | None = None, name: str | None = None) -> TurnFile:
    """The same from the bytes of the file."""
    text = decode(content, path)
    found = codec(name) if name else codec_of(path, text)
    return found.parse(text, str(path), recording)


def write_turns(path: Path, turns: Sequence[FileTurn], name: str, recording: str, duration: float) -> None:
    """Write turns in a format, all of them or nothing.

    Parameters
    ----------
    path : Path
        Replaced where it exists.
    turns : sequence of FileTurn
        In any order; times keep milliseconds.
    name : str
        Of the format.
    recording : str
        Name of the recording.
    duration : float
        Seconds of the recording.

    Raises
    ------
    FormatError
        Where the format cannot hold the turns or is only read, or the file cannot be written.
    """
    chosen = codec(name)
    if chosen.format is None:
        raise FormatError(f"{chosen.title} is only read; to write one, turntone analyze --format json prints it")
    content = chosen.format(turns, recording, duration).encode()
    try:
        write_whole(path, content)
    except OSError as error:
        raise FormatError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
