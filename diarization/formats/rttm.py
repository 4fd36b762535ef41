"""RTTM, the exchange format of diarization: one line a segment (NIST RT-09 evaluation plan, appendix A)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..diarizations import Diarization, diarization_of
from ..errors import FormatError
from ..files import write_whole
from .checks import seconds
from .turn_files import FileTurn, SeveralRecordingsError, TurnCodec, TurnFile, some, turn_file

_OTHER_TYPES = (
    "SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER", "EDIT", "IP", "SU", "CB",
    "A/P", "SPKR-INFO",
)  # fmt: skip
_FIELDS = 8  # type, file, channel, start, duration, orthography, subtype, speaker; what follows is optional


@dataclass(frozen=True)
class _Line:
    uri: str
    start: float
    end: float
    speaker: str
    where: str


def read_rttm(path: Path, uri: str | None = None) -> Diarization:
    """The diarization in an RTTM file, overlap kept.

    Comments (``;;`` or ``#``), empty lines, record types other than ``SPEAKER`` and segments without length are passed
    over; a file without any other line gives a Diarization without segments. Segments of one speaker that touch or
    overlap are joined.

    Parameters
    ----------
    path : Path
        UTF-8 text.
    uri : str, optional
        Name of the recording that is meant; needed where the file speaks of several.

    Raises
    ------
    FormatError
        Where the file cannot be read, a line breaks the format, or it is open which recording is meant.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FormatError(f"{path}: there is no such file; check the path") from error
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: this is not UTF-8 text, so it is not RTTM; give a file of SPEAKER lines") from error
    return parse_rttm(text, str(path), uri)


def parse_rttm(text: str, name: str = "RTTM", uri: str | None = None) -> Diarization:
    """The same from the text itself; ``name`` is what errors call it.

    >>> parse_rttm("SPEAKER call 1 0.50 1.25 <NA> <NA> A <NA> <NA>").segments[0].segment
    Segment(start=0.5, end=1.75)
    """
    lines = list(_lines(text, name))
    uris = list(dict.fromkeys(line.uri for line in lines))
    if uri is None and len(uris) > 1:
        raise SeveralRecordingsError(
            f"{name}: it speaks of {len(uris)} recordings ({some(uris)}); say which one is meant"
        )
    if uri is not None and uris and uri not in uris:
        raise FormatError(f"{name}: it does not speak of recording '{uri}'; it knows {some(uris)}")
    own = [line for line in lines if uri is None or line.uri == uri]
    return diarization_of((line.start, line.end, line.speaker) for line in own)


def write_rttm(path: Path, diarization: Diarization, uri: str) -> None:
    """Write a diarization as RTTM, all of it or nothing; times have three decimals.

    Parameters
    ----------
    path : Path
        Replaced where it exists.
    diarization : Diarization
        Segments shorter than half a millisecond are left out.
    uri : str
        Name of the recording; blanks become underscores.

    Raises
    ------
    FormatError
        Where the uri is empty, a label has a blank in it or is empty, or the file cannot be written.
    """
    path = Path(path)
    content = format_rttm(diarization, uri).encode()
    try:
        write_whole(path, content)
    except OSError as error:
        raise FormatError(f"{path}: cannot be written ({error.strerror}); choose another place") from error


def format_rttm(diarization: Diarization, uri: str) -> str:
    """The text of an RTTM file; empty where nobody speaks."""
    name = "_".join(uri.split())
    if not name:
        raise FormatError("RTTM: the recording's name is empty; give one")
    for speaker in diarization.speakers:
        if speaker.split() != [speaker]:
            raise FormatError(f"RTTM: the speaker label '{speaker}' is empty or has a blank in it; rename the speaker")
    lines = []
    for each in diarization.segments:
        start, end = round(each.segment.start, 3), round(each.segment.end, 3)
        if start < end:
            lines.append(f"SPEAKER {name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {each.speaker} <NA> <NA>\n")
    return "".join(lines)


def _lines(text: str, name: str) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith((";;", "#")) or fields[0] in _OTHER_TYPES:
            continue
        parsed = _parse(fields, f"{name}: line {number}")
        if parsed:
            yield parsed


def _parse(fields: list[str], where: str) -> _Line | None:
    if fields[0] != "SPEAKER":
        raise FormatError(f"{where}: '{fields[0][:40]}' is not a record type of RTTM; lines begin with SPEAKER")
    if len(fields) < _FIELDS:
        raise FormatError(
            f"{where}: {len(fields)} fields where at least {_FIELDS} are needed, the eighth is the speaker"
        )
    start = seconds(fields[3], "start", where)
    end = float(start + seconds(fields[4], "duration", where))
    return _Line(fields[1], float(start), end, fields[7], where) if end > float(start) else None


def _parse_turns(text: str, name: str, recording: str | None) -> TurnFile:
    """For the codec; the recording's name counts only where the file speaks of several."""
    lines = list(_lines(text, name))
    uris = list(dict.fromkeys(line.uri for line in lines))
    if len(uris) > 1 and recording is None:
        raise SeveralRecordingsError(
            f"{name}: it speaks of {len(uris)} recordings ({some(uris)}); say which one is meant"
        )
    wanted = "_".join(recording.split()) if recording else None
    if len(uris) > 1 and wanted not in uris:
        raise FormatError(f"{name}: it does not speak of recording '{wanted}'; it knows {some(uris)}")
    own = [line for line in lines if len(uris) == 1 or line.uri == wanted]
    return turn_file(FileTurn(line.start, line.end, line.speaker, where=line.where) for line in own)


def _format_turns(turns: Sequence[FileTurn], recording: str, _duration: float) -> str:
    return format_rttm(TurnFile(tuple(turns)).diarization, recording)


def _recognizes(text: str) -> bool:
    lines = (line.split() for line in text.splitlines())
    first = next((fields for fields in lines if fields and not fields[0].startswith((";;", "#"))), None)
    return first is not None and (first[0] == "SPEAKER" or first[0] in _OTHER_TYPES)


CODEC = TurnCodec("rttm", "RTTM", (".rttm",), frozenset(), _recognizes, _parse_turns, _format_turns)
