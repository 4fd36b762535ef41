"""The audio that a workspace keeps of a session: plain or encrypted, read in one way."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, update

from diarization.audio import channels_flac, read_channels, read_flac, waveform_flac, write_channels, write_flac
from diarization.channel_sound import ChannelSound
from diarization.errors import WorkspaceError
from diarization.recordings import SAMPLING_RATE, Waveform

from ..roles import channel_name
from .artifacts import Artifact, Staging, file_of
from .encryption import Sealed, needed_key, seal
from .loading import artifacts_of, session_row_of
from .models import ARTIFACTS, SESSIONS
from .writing import now, replace_artifact

_SEALED = ".sealed"
_AROUND = 0.2  # seconds beside a stretch: its ends are not found to the sample


@dataclass(frozen=True)
class Keeping:
    """Whether a session's audio is kept, and how."""

    audio: bool = True
    encrypted: bool = False


@dataclass(frozen=True)
class KeptAudio:
    """One FLAC file of a workspace, encrypted where its name says so.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @property
    def is_encrypted(self) -> bool:
        """Whether a key is needed to hear it."""
        return self.path.suffix == _SEALED

    @property
    def size(self) -> int:
        """Bytes of the FLAC file, decrypted."""
        if not self.is_encrypted:
            return self.path.stat().st_size
        with Sealed(self.path, needed_key()) as sealed:
            return int(sealed.size)

    def open(self) -> BinaryIO:
        """The bytes of the FLAC file, seekable.

        Raises
        ------
        TurntoneError
            Where there is no key, or not the one it is encrypted with.
        """
        if not self.is_encrypted:
            return self.path.open("rb")
        return cast(BinaryIO, io.BufferedReader(Sealed(self.path, needed_key()), 1 << 16))

    def waveform(self) -> Waveform:
        """The sound of a file with one channel.

        Raises
        ------
        TurntoneError
            As ``open``, and where it is damaged.
        """
        with self.open() as file:
            return read_flac(file, self.path)

    def channels(self) -> ChannelSound:
        """The sound of a file with a channel a party.

        Raises
        ------
        TurntoneError
            As ``open``, and where it is damaged.
        """
        with self.open() as file:
            return read_channels(file, self.path)


def stage_waveform(staging: Staging, recording_id: str, waveform: Waveform, keeping: Keeping) -> Artifact:
    """Write the audio of a recording as a draft."""
    return _staged(
        staging, f"audio/{recording_id}", keeping,
        lambda path: write_flac(path, waveform), lambda: waveform_flac(waveform),
    )  # fmt: skip


def stage_channels(staging: Staging, recording_id: str, channels: ChannelSound, keeping: Keeping) -> Artifact:
    """Write the channels of a recording as a draft."""
    return _staged(
        staging, f"audio/{recording_id}.channels", keeping,
        lambda path: write_channels(path, channels), lambda: channels_flac(channels),
    )  # fmt: skip


def _staged(
    staging: Staging,
    stem: str,
    keeping: Keeping,
    write: Callable[[Path], None],
    content: Callable[[], bytes | memoryview],
) -> Artifact:
    if not keeping.encrypted:
        return staging.file(f"{stem}.flac", write)
    sealed = seal(content(), needed_key())
    # Encrypted anew it is never the same: under a name of its own nothing changes that a session still names.
    return staging.file(f"{stem}.{token_hex(4)}.flac{_SEALED}", lambda path: _write(path, sealed))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError(f"{path}: cannot be written ({error.strerror})") from error


def rekeep(connection: Connection, folder: Path, staging: Staging, session_id: str, keeping: Keeping) -> bool:
    """Bring the audio of a session into the way it is to be kept; gives whether anything changed."""
    files = artifacts_of(connection, session_id)
    kept = {name: files[name] for name in ("audio", "channels") if name in files}
    _say_how(connection, session_id, keeping)
    if not keeping.audio:
        own = (ARTIFACTS.c.session_id == session_id) & ARTIFACTS.c.name.in_(kept)
        connection.execute(delete(ARTIFACTS).where(own))
        return bool(kept)
    plain = {name: each for name, each in kept.items() if keeping.encrypted and not each.file.endswith(_SEALED)}
    for name, each in plain.items():
        stem = each.file.removesuffix(".flac")
        artifact = _staged(staging, stem, keeping, lambda _path: None, file_of(folder, each).read_bytes)
        replace_artifact(connection, session_id, name, artifact)
    return bool(plain)


def _say_how(connection: Connection, session_id: str, keeping: Keeping) -> None:
    """Let the session's settings say how its audio is kept from now on."""
    provenance = session_row_of(connection, session_id)["provenance"]
    config = provenance.get("config") or {}
    said = (config.get("privacy") or {}) | {"keep_audio": keeping.audio, "encrypt_audio": keeping.encrypted}
    changed = provenance | {"config": config | {"privacy": said}}
    if changed != provenance:
        statement = update(SESSIONS).where(SESSIONS.c.id == session_id)
        connection.execute(statement.values(provenance=changed, changed=now()))


def silence(
    connection: Connection,
    folder: Path,
    staging: Staging,
    session_id: str,
    gone: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]],
    labels: Iterable[str] = (),
) -> float:
    """Silence stretches of a session's audio; gives how many seconds that were.

    Parameters
    ----------
    gone : sequence of (float, float)
        Stretches in seconds. A little around each goes too, where nobody else speaks.
    others : sequence of (float, float)
        Where somebody else speaks.
    labels : iterable of str
        Speakers whose whole channels go, where they have one to themselves.

    Raises
    ------
    TurntoneError
        Where the audio is damaged, or encrypted and the key is not here.
    """
    files = artifacts_of(connection, session_id)
    seconds = 0.0
    if "audio" in files:
        kept = KeptAudio(file_of(folder, files["audio"]))
        waveform = kept.waveform().copy()
        quiet = _quiet(len(waveform), gone, others)
        waveform[quiet] = 0
        seconds = float(quiet.sum()) / SAMPLING_RATE
        how = Keeping(encrypted=kept.is_encrypted)
        stem = f"{_recording_of(files['audio'].file)}.{token_hex(4)}"
        replace_artifact(connection, session_id, "audio", stage_waveform(staging, stem, waveform, how))
    if "channels" in files:
        kept = KeptAudio(file_of(folder, files["channels"]))
        samples = np.array(kept.channels().samples)
        samples[_quiet(len(samples), gone, others)] = 0
        speakers = (session_row_of(connection, session_id)["provenance"].get("channels") or {}).get("speakers") or {}
        numbers = {channel_name(each, samples.shape[1]): each for each in range(samples.shape[1])}
        samples[:, [numbers[speakers[label]] for label in labels if speakers.get(label) in numbers]] = 0
        how = Keeping(encrypted=kept.is_encrypted)
        stem = f"{_recording_of(files['channels'].file)}.{token_hex(4)}"
        replace_artifact(connection, session_id, "channels", stage_channels(staging, stem, ChannelSound(samples), how))
    return seconds


def _recording_of(file: str) -> str:
    return Path(file).name.split(".")[0]


def _quiet(size: int, gone: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which samples go: the stretches, and ``_AROUND`` beside them as far as nobody else speaks there."""
    theirs, around, elsewhere = (np.zeros(size, bool) for _ in range(3))
    for start, end in others:
        elsewhere[_sample(start) : _sample(end)] = True
    for start, end in gone:
        theirs[_sample(start) : _sample(end)] = True
        around[_sample(max(0.0, start - _AROUND)) : _sample(end + _AROUND)] = True
    return theirs | (around & ~elsewhere)


def _sample(seconds: float) -> int:
    return round(seconds * SAMPLING_RATE)
