"""The diarizer that takes the turns from a file: made by hand, by another program, or corrected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .diarizations import Diarization
from .diarizers import DiarizationConfig, ModelUse, Progress
from .errors import FormatError
from .formats.registry import codec_of, decode, extensions, parse_turns, read_content
from .formats.turn_files import SeveralRecordingsError, TurnFile
from .model_files import CATALOG, find_model, revision_of
from .recordings import SAMPLING_RATE, Waveform, cut
from .segments import Segment, difference, union
from .turn_texts import Span, texts_of

SPEAKER = "embedded-speaker"
LONGEST = 60.0  # seconds of a speaker's clean speech that a voice embedding is made of
SHORTEST = 0.5  # seconds, below which a voice is not told


class ReferenceDiarizer:
    """Reads the turns of one recording from a file; with the speaker encoder, hears what each voice is like.

    Parameters
    ----------
    file : Path
        In any format of ``diarization.formats``.
    recording : str, optional
        Name of the recording without extension; counts only where the file speaks of several.
    device : str
        ``cpu``, ``cuda`` or ``mps``, for the encoder.
    """

    name = "reference"

    def __init__(self, file: Path, recording: str | None = None, device: str = "cpu") -> None:
        self.file, self.recording, self.device = file, recording, device

    @property
    def uses(self) -> list[ModelUse]:
        """The file, its revision the SHA-256 of its bytes, and the speaker encoder where it is on disk.

        Raises
        ------
        FormatError
            Where the file cannot be read or breaks its format.
        """
        content = self._content
        details = {"format": codec_of(self.file, decode(content, self.file)).name, "recording": self.recording}
        credit = f"turns from {self.file.name}"
        turns = ModelUse("reference-turns", sha256(content).hexdigest(), "", credit, details, of_recording=True)
        if find_model(SPEAKER) is None:
            return [turns]
        entry = CATALOG[SPEAKER]
        return [turns, ModelUse(SPEAKER, revision_of(SPEAKER), entry.licence, entry.credit)]

    @cached_property
    def turns(self) -> TurnFile:
        """What the file says.

        Raises
        ------
        FormatError
            Where it cannot be read or breaks its format; the message names the place.
        """
        return parse_turns(self._content, self.file, self.recording)

    def texts(self, turns: Sequence[Span]) -> list[str | None]:
        """What the file says that is said in each of these turns, None where it says nothing.

        Raises
        ------
        FormatError
            As ``turns``.
        """
        return texts_of(turns, self.turns.turns)

    def notes(self) -> tuple[str, ...]:
        """Where the turns come from and what was left out of them, a sentence each."""
        return (f"The turns come from {self.file.name}; no diarizer was run.", *self.turns.notes)

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """The turns of the file, cut to the recording, labels as the file has them; the config's counts do not matter.

        Embeddings have length 0 where the speaker encoder is not on disk; that of a speaker who is never heard alone
        for half a second is NaN.

        Raises
        ------
        FormatError
            Where the file breaks its format or reaches past the end of the recording.
        """
        found = self.turns.within(len(waveform) / SAMPLING_RATE).diarization
        if progress:
            progress("turns", 0.1)
        embeddings = voices_of(found, waveform, self.device)
        if progress:
            progress("embeddings", 1.0)
        return Diarization(found.segments, embeddings, found.exclusive_segments)

    @cached_property
    def _content(self) -> bytes:
        return read_content(self.file)


def voices_of(diarization: Diarization, waveform: Waveform, device: str = "cpu") -> NDArray[np.float32]:
    """What each speaker's voice is like, from where they speak alone.

    Returns
    -------
    np.ndarray, shape (num_speakers, dimension)
        GE2E embeddings at unit length, rows in ``speakers`` order, NaN for a speaker who is not heard alone for half a
        second; of dimension 0 where the speaker encoder is not on disk.
    """
    folder = find_model(SPEAKER)
    speakers = diarization.speakers
    if folder is None or not speakers:
        return np.zeros((len(speakers), 0), np.float32)
    from .speaker_encoder import DIMENSION, load_speaker_encoder

    encoder = load_speaker_encoder(folder).to(device)
    overlap = diarization.overlap()
    voices = np.full((len(speakers), DIMENSION), np.nan, np.float32)
    for row, speaker in enumerate(speakers):
        alone = difference(diarization.of(speaker), overlap)
        speech = _joined(waveform, alone)
        if len(speech) >= SHORTEST * SAMPLING_RATE:
            voices[row] = _embedding(encoder, speech, device)
    return voices


def _joined(waveform: Waveform, segments: list[Segment]) -> Waveform:
    """The speech of the longest segments, in order of time, up to ``LONGEST``."""
    chosen: list[Segment] = []
    left = LONGEST
    for segment in sorted(segments, key=lambda each: -each.duration):
        if left > 0:
            chosen.append(Segment(segment.start, segment.start + min(segment.duration, left)))
            left -= segment.duration
    pieces = [cut(waveform, segment) for segment in union(chosen)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _embedding(encoder: object, speech: Waveform, device: str) -> NDArray[np.float32]:
    import torch

    assert callable(encoder)
    with torch.inference_mode():
        samples = torch.from_numpy(np.ascontiguousarray(speech))[None, None].to(device)
        found: NDArray[np.float32] = encoder(samples)[0].cpu().numpy()
    return found


def find_reference(recording: Path, given: str | None = None) -> Path:
    """The file with the turns of a recording.

    Parameters
    ----------
    recording : Path
        The audio file, as ``call.wav``.
    given : str, optional
        A file of turns, or a folder with one a recording: ``call.rttm`` or ``call.wav.rttm``, or with any other
        extension of a format of turns. None means the recording's own folder.

    Raises
    ------
    FormatError
        Where there is none, or what is there cannot be read as turns.
    """
    place = recording.parent if given is None else Path(given).expanduser()
    if place.is_file():
        return place
    if not place.is_dir():
        raise FormatError(f"{place}: there is no such file or folder of turns; check the path")
    names = [f"{name}{extension}" for extension in extensions() for name in (recording.stem, recording.name)]
    there = _files_called(place, names)
    fitting = [file for file in there if _fits(file)]
    if fitting:
        return fitting[0]
    if there:
        return there[0]  # reading it says what is wrong with it
    kinds = ", ".join(extensions())
    raise FormatError(
        f"{recording}: no file of its turns is in {place}; put one called {recording.stem}.rttm there (or {kinds}), "
        "name it with --turns, or choose a diarizer that listens, as --set diarization.backend=embedded"
    )


def _files_called(folder: Path, names: list[str]) -> list[Path]:
    """Files of the folder with these names, in order of the names; capitals in them do not matter."""
    order = {name.lower(): at for at, name in reversed(list(enumerate(names)))}
    found = [each for each in folder.iterdir() if each.name.lower() in order and each.is_file()]
    return sorted(found, key=lambda each: (order[each.name.lower()], each.name))


def _fits(file: Path) -> bool:
    try:
        codec_of(file, decode(read_content(file), file))
    except FormatError:
        return False
    return True


def holds_one_recording(file: Path) -> bool:
    """Whether a file of turns speaks of one recording at most, so that it cannot be meant for several.

    Raises
    ------
    FormatError
        Where it cannot be read or breaks its format.
    """
    try:
        parse_turns(read_content(file), file)
    except SeveralRecordingsError:
        return False
    return True
