"""Two hundred bad or odd audio files, made from nothing: what archives, recorders and bad will hand over.

``make_bad_media(folder)`` writes them and gives what each is; a file's ``cheap`` ones take no time to speak of.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.sounds import Samples, encode, voice, write

RATE = 8000
READ, REFUSED, EITHER = "read", "refused", "either"
"""What has to become of a file; of damage made by chance, either will do, as long as it is said clearly."""


@dataclass(frozen=True)
class BadFile:
    """One of the files: its family, what has to become of it, and whether it belongs to the quick ones."""

    path: Path
    family: str
    becomes: str
    cheap: bool


Made = tuple[str, bytes, str]
"""Name, content and what becomes of it."""

Family = Callable[[Path], Iterator[Made]]


def make_bad_media(folder: Path) -> list[BadFile]:
    """Write all of them; every fifth of a family is among the cheap ones, and its first."""
    made: list[BadFile] = []
    for name, family in FAMILIES.items():
        place, workshop = folder / name, folder / f".{name}"
        place.mkdir(parents=True)
        workshop.mkdir()
        for number, (title, content, becomes) in enumerate(family(workshop)):
            path = Path(os.fsdecode(os.fsencode(place) + b"/" + os.fsencode(title)))
            path.write_bytes(content)
            made.append(BadFile(path, name, becomes, number % 5 == 0 and len(content) < 1 << 20))
    return made


def _sound(seconds: float = 2.0, rate: int = RATE) -> Samples:
    return voice(seconds, rate)


def _whole(place: Path) -> dict[str, bytes]:
    """A good file of each kind."""
    sound, full = _sound(), _sound(2.0, 48_000)
    made = {name: write(place / name, sound, RATE) for name in ("a.wav", "a.flac", "a.aiff", "a.au", "a.caf", "a.w64")}
    made["a.ogg"] = write(place / "a.ogg", sound, RATE)
    made["a.mp3"] = encode(place / "a.mp3", _sound(2.0, 16_000), 16_000, "libmp3lame")
    made["a.m4a"] = encode(place / "a.m4a", full, 48_000, "aac")
    made["a.webm"] = encode(place / "a.webm", full, 48_000, "libopus")
    made["a.mkv"] = encode(place / "a.mkv", full, 48_000, "aac")
    made["a.aac"] = encode(place / "a.aac", _sound(2.0, 16_000), 16_000, "aac")
    made["a.amr"] = encode(place / "a.amr", sound, RATE, "libopencore_amrnb")
    return {name: path.read_bytes() for name, path in made.items()}


def _cut_off(place: Path) -> Iterator[Made]:
    """Ends at the beginning, just behind the beginning and in the middle of each box, chunk, page or element."""
    for name, content in _whole(place).items():
        for at in sorted({*_places(name, content), len(content) // 2}):
            yield f"{at:06d}-{name}", content[:at], EITHER if at > len(content) // 4 or at > 60 else REFUSED


def _places(name: str, content: bytes) -> list[int]:
    kind = name.split(".")[1]
    if kind == "m4a":
        return [at for start, _ in _boxes(content, 0, len(content)) for at in (start, start + 8) if at]
    marks = {
        "wav": [4, 12, 20, 36, 44], "flac": [4, 8, 42, 60], "aiff": [4, 12, 30, 54], "au": [4, 16, 28],
        "caf": [4, 8, 20, 60], "w64": [16, 40, 64], "ogg": [4, 28, 58, 120], "mp3": [4, 10, 45, 200],
        "webm": [4, 40, 120, 300], "mkv": [4, 40, 120, 300], "aac": [2, 7], "amr": [4, 6, 7],
    }  # fmt: skip
    return marks[kind]


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", content[start : start + 8])
        yield start, kind
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            yield from _boxes(content, start + 8, start + size)
        start += max(size, 8)


def _wrong_names(place: Path) -> Iterator[Made]:
    """The content decides, not the name; and what is no sound is said to be none."""
    whole = _whole(place)
    endings = list(whole)
    for name, other in zip(endings, endings[1:] + endings[:1], strict=True):
        yield f"{name.replace('.', '-')}.{other.split('.')[1]}", whole[name], READ
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.wav", whole["a.wav"])
    base = sqlite3.connect(place / "a.db")
    base.execute("create table a (b)")
    base.commit()
    base.close()
    others = {
        "zip.wav": zipped.getvalue(),
        "gzip.wav": gzip.compress(whole["a.wav"]),
        "html.mp3": b"<!doctype html><script>alert(1)</script>" * 20,
        "json.m4a": b'{"a": [' + b"1," * 500 + b"1]}",
        "pickle.wav": pickle.dumps({"a": list(range(500))}),
        "database.ogg": (place / "a.db").read_bytes(),
        "program.flac": b"\x7fELF\x02\x01\x01" + bytes(2000),
        "picture.aac": b"\x89PNG\r\n\x1a\n" + bytes(2000),
        "playlist.m4a": b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.wav\n",
        "list.mp3": b"ffconcat version 1.0\nfile /etc/passwd\n",
    }
    yield from ((name, content, REFUSED) for name, content in others.items())


def _wild_rates(place: Path) -> Iterator[Made]:
    """What the header says of the rate and of the channels, true or not."""
    content = write(place / "a.wav", _sound(), RATE).read_bytes()
    for rate in (0, 1, 7, 999, 1000, 3999, 11_025, 96_000, 384_000, 384_001, 2**31 - 1, 2**32 - 1):
        believed = 1000 <= rate <= 160_000  # of higher ones there is less than 0.1 s
        yield f"rate-{rate}.wav", content[:24] + struct.pack("<I", rate) + content[28:], READ if believed else REFUSED
    for channels in (2, 3, 6, 8, 9, 16, 64):
        own = write(place / f"{channels}.wav", np.stack([_sound()] * channels, 1), RATE)
        yield f"channels-{channels}.wav", own.read_bytes(), READ
    for channels in (0, 255, 1025, 65_535):
        yield f"says-channels-{channels}.wav", content[:22] + struct.pack("<H", channels) + content[24:], EITHER
    for bits in (0, 1, 7, 12, 40, 255):
        yield f"says-bits-{bits}.wav", content[:34] + struct.pack("<H", bits) + content[36:], EITHER


def _odd_sound(place: Path) -> Iterator[Made]:
    """Offset, clipping, silence, few bits, what are no numbers."""
    sound = _sound()
    kinds: dict[str, tuple[Samples, str, str]] = {
        "offset-small": (sound + np.float32(0.05), "PCM_16", READ),
        "offset-large": (0.3 * sound + np.float32(0.6), "PCM_16", READ),
        "offset-alone": (np.full(RATE, 0.5, np.float32), "PCM_16", READ),
        "clipped": (np.clip(40 * sound, -1, 1), "PCM_16", READ),
        "square": (np.sign(sound), "PCM_16", READ),
        "beyond": (30 * sound, "FLOAT", READ),
        "far-beyond": (np.float32(1e6) * sound, "FLOAT", READ),
        "beyond-reason": (np.float32(1e30) * sound, "FLOAT", EITHER),
        "silence": (np.zeros(2 * RATE, np.float32), "PCM_16", READ),
        "dither": (np.random.default_rng(0).choice([0, 2**-15], 2 * RATE).astype(np.float32), "PCM_16", READ),
        "whisper": (sound / 3000, "PCM_24", READ),
        "half-silent": (np.concatenate([sound, 0 * sound]), "PCM_16", READ),
        "one-click": (np.eye(1, 2 * RATE, 99, dtype=np.float32)[0], "PCM_16", READ),
        "8-bit": (sound, "PCM_U8", READ),
        "8-bit-quiet": (sound / 100, "PCM_U8", READ),
        "mu-law": (sound, "ULAW", READ),
        "a-law": (sound, "ALAW", READ),
        "ima": (sound, "IMA_ADPCM", READ),
        "microsoft": (sound, "MS_ADPCM", READ),
        "gsm": (sound, "GSM610", READ),
        "32-bit": (sound, "PCM_32", READ),
        "double": (sound, "DOUBLE", READ),
        "one-nan": (np.where(np.arange(len(sound)) == 50, np.nan, sound).astype(np.float32), "FLOAT", READ),
        "half-nan": (np.where(np.arange(len(sound)) % 2, np.nan, sound).astype(np.float32), "FLOAT", REFUSED),
        "infinite": (np.full(RATE, np.inf, np.float32), "FLOAT", REFUSED),
        "nothing": (np.zeros(0, np.float32), "PCM_16", REFUSED),
        "three": (sound[:3], "PCM_16", REFUSED),
        "blink": (sound[: RATE // 11], "PCM_16", REFUSED),
    }
    for name, (samples, subtype, becomes) in kinds.items():
        yield f"{name}.wav", write(place / f"{name}.wav", samples, RATE, subtype=subtype).read_bytes(), becomes


def _lying_lengths(place: Path) -> Iterator[Made]:
    """Headers of ten hours over bodies of a second, and headers of nothing over bodies of something."""
    frames = 36_000 * RATE
    whole = {
        name: write(place / name, _sound(1.0), RATE).read_bytes() for name in ("a.wav", "a.flac", "a.aiff", "a.au")
    }
    yield "ten-hours.wav", _put(whole["a.wav"], whole["a.wav"].index(b"data") + 4, "<I", 2 * frames), REFUSED
    yield "ten-hours.flac", _put(whole["a.flac"], 22, ">I", frames), REFUSED
    sizes = whole["a.aiff"].index(b"SSND") + 4
    long = _put(whole["a.aiff"], sizes, ">I", 2 * frames + 8)
    yield "ten-hours.aiff", _put(long, whole["a.aiff"].index(b"COMM") + 10, ">I", frames), REFUSED
    yield "ten-hours.au", _put(whole["a.au"], 8, ">I", 2 * frames), EITHER
    m4a = encode(place / "a.m4a", _sound(1.0, 48_000), 48_000, "aac").read_bytes()
    for box, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        yield f"ten-hours-{box.decode()}.m4a", _put(m4a, m4a.index(box) + at, ">I", 36_000 * 48_000), EITHER
    yield "none.wav", _put(whole["a.wav"], whole["a.wav"].index(b"data") + 4, "<I", 0), EITHER
    yield "unknown.wav", _put(whole["a.wav"], whole["a.wav"].index(b"data") + 4, "<I", 2**32 - 1), READ
    yield "none.flac", _put(whole["a.flac"], 22, ">I", 0), READ
    stts = m4a.index(b"stts")
    yield "samples-without-end.m4a", _put(m4a, stts + 12, ">I", 2**31 - 1), EITHER
    yield "tables-without-end.m4a", _put(m4a, m4a.index(b"stsz") + 12, ">I", 2**31 - 1), EITHER


def _put(content: bytes, at: int, how: str, value: int) -> bytes:
    packed = struct.pack(how, value)
    return content[:at] + packed + content[at + len(packed) :]


def _bombs(place: Path) -> Iterator[Made]:
    """Small files that would fill memory, the stack or the day."""
    good = write(place / "a.wav", _sound(1.0), RATE).read_bytes()
    yield "chunks.wav", good[:12] + (b"junk" + struct.pack("<I", 0)) * 50_000 + good[12:], EITHER
    yield "lists.wav", good[:12] + b"".join(b"LIST" + struct.pack("<I", 2**20) + b"INFO" for _ in range(2000)), REFUSED
    yield "boxes.m4a", _nested(b"moov", 4000), REFUSED
    yield "boxes-in-trak.mp4", b"\0\0\0\x10ftypM4A \0\0\0\0" + _nested(b"trak", 3000), REFUSED
    yield "elements.mkv", b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" * 2000, REFUSED
    yield "zeros.mkv", b"\x1a\x45\xdf\xa3\x80" + bytes(200_000), REFUSED
    yield "tag-of-256-mb.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(1000), REFUSED
    padding = b"fLaC" + b"\x01\xff\xff\xff" + bytes(1000)
    yield "padding.flac", padding, REFUSED
    zeros = np.zeros(3600 * 1000, np.float32)
    yield "an-hour-of-nothing.flac", write(place / "hour.flac", zeros, 1000).read_bytes(), READ
    yield (
        "opus-of-nothing.webm",
        encode(place / "a.webm", np.zeros(480_000, np.float32), 48_000, "libopus").read_bytes(),
        READ,
    )
    yield "pages.ogg", b"".join(_page(number) for number in range(5000)), REFUSED


def _nested(kind: bytes, depth: int) -> bytes:
    return b"".join(struct.pack(">I", 8 * (depth - level)) + kind for level in range(depth))


def _page(number: int) -> bytes:
    return b"OggS\0" + bytes([2 if number == 0 else 0]) + struct.pack("<qIII", -1, 7, number, 0) + b"\x01\x00"


def _hostile_names(place: Path) -> Iterator[Made]:
    """Names that shells, terminals, tables, pages and file systems take for something else."""
    content = write(place / "a.wav", _sound(1.0), RATE).read_bytes()
    names = [
        "-rf.wav", "$(touch gone).wav", "a;rm -r b.wav", "`id`.wav", "a\nb.wav", "a\tb\rc.wav", "\x1b[31mred.wav",
        "\x1b]0;title\x07.wav", "\u202egnp.wav", "e\u0301.wav", "\U0001f600\u200d.wav", "x" * 200 + ".wav", "CON.wav",
        "<script>alert(1)<&>.wav", "=cmd|' C'!A0.wav", "+1+1.wav", "%s%n%d.wav", "it's \"so\".wav", "http:  x.wav",
        "10:30.wav", "..%2f..%2fa.wav", "a .wav.", " a.wav", "concat:a|b.wav", "a{b,c}[d]*?.wav", "None",
        "a,b;c\\d.wav",
    ]  # fmt: skip
    for number, name in enumerate(names):
        yield name, content + b"\0" * 2 * number, READ
    yield os.fsdecode(b"caf\xe9\xff.wav"), content + bytes(200), READ


def _hostile_tags(place: Path) -> Iterator[Made]:
    """What a title may hold."""
    import av

    titles = {
        "html": "<script>alert(1)</script>", "long": "x" * 400_000, "lines": "a\nb\r\n\x1b[31m", "formula": "=1+1",
        "right-to-left": "\u202e\u2066",
    }  # fmt: skip
    for kind in ("mp3", "m4a", "ogg"):
        for name, title in titles.items():
            path = place / f"{name}.{kind}"
            codec = {"mp3": "libmp3lame", "m4a": "aac", "ogg": "libopus"}[kind]
            with av.open(str(path), "w") as container:
                container.metadata["title"] = container.metadata["artist"] = title
                stream = container.add_stream(codec, rate=48_000)
                stream.layout = "mono"  # type: ignore[attr-defined]
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
                frame.sample_rate = 48_000
                resampler = av.AudioResampler(
                    stream.codec_context.format, "mono", 48_000, stream.codec_context.frame_size
                )  # type: ignore[attr-defined]
                for piece in (*resampler.resample(frame), *resampler.resample(None), None):
                    container.mux(stream.encode(piece))  # type: ignore[attr-defined]
            yield path.name, path.read_bytes(), READ


def _damaged(place: Path) -> Iterator[Made]:
    """Bytes changed by chance: in the head of each kind, and everywhere."""
    chance = np.random.default_rng(3)
    for name, content in _whole(place).items():
        for where, end, count in (("head", min(200, len(content)), 6), ("all", len(content), 40)):
            changed = bytearray(content)
            for at in chance.integers(4, end, count):
                changed[at] = chance.integers(256)
            yield f"{where}-{name}", bytes(changed), EITHER
    for name, rest in (("none", b""), ("one", b"R"), ("zeros", bytes(50_000)), ("ones", b"\xff" * 50_000)):
        yield f"{name}.wav", rest, REFUSED
    yield "noise.mp3", chance.bytes(50_000), EITHER


FAMILIES: dict[str, Family] = {
    "cut-off": _cut_off,
    "wrong-names": _wrong_names,
    "wild-rates": _wild_rates,
    "odd-sound": _odd_sound,
    "lying-lengths": _lying_lengths,
    "bombs": _bombs,
    "hostile-names": _hostile_names,
    "hostile-tags": _hostile_tags,
    "damaged": _damaged,
}
