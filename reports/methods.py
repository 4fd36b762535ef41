"""How a report's figures were found, in prose with citations, from what the sessions keep of their analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .language import listed, say

if TYPE_CHECKING:
    from pipeline.sessions import Session

_NORMS = "Russell, J. A. and Mehrabian, A. (1977). Evidence for a three-factor theory of emotions. Journal of Research in Personality 11(3), 273-294."  # noqa: E501
_BOOTSTRAP = (
    "Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American Statistician 69(4), 371-386."
)
_PERMUTATION = "Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical Applications in Genetics and Molecular Biology 9(1), 39."  # noqa: E501
_BLOCKS = (
    "Künsch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals of Statistics "
    "17(3), 1217-1241."
)
_DISCOVERY = "Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B 57(1), 289-300."  # noqa: E501
_OF_MODELS = {
    "pyannote": (
        "Plaquet, A. and Bredin, H. (2023). Powerset multi-class cross entropy loss for neural speaker diarization. "
        "Interspeech 2023, 3222-3226.",
        "Bredin, H. (2023). pyannote.audio 2.1 speaker diarization pipeline: principle, benchmark, and recipe. "
        "Interspeech 2023, 1983-1987.",
    ),
    "embedded-speaker": (
        "Wan, L., Wang, Q., Papir, A. and Lopez Moreno, I. (2018). Generalized end-to-end loss for speaker "
        "verification. ICASSP 2018, 4879-4883.",
    ),
    "embedded-segmentation": (
        "Bredin, H. and Laurent, A. (2021). End-to-end speaker segmentation for overlap-aware resegmentation. "
        "Interspeech 2021, 3111-3115.",
    ),
    "emotion2vec": (
        "Ma, Z., Zheng, Z., Ye, J., Li, J., Gao, Z., Zhang, S. and Chen, X. (2024). emotion2vec: Self-supervised "
        "pre-training for speech emotion representation. Findings of ACL 2024, 15747-15760.",
    ),
    "turntone-embedded-emotion": (
        "Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W. F. and Weiss, B. (2005). A database of German "
        "emotional speech. Interspeech 2005, 1517-1520.",
    ),
}


def session_methods(session: Session) -> list[str]:
    """The methods of a session's report, a paragraph each."""
    return [*_analysis([session]), _statistics()]


def case_methods(sessions: Sequence[Session]) -> list[str]:
    """The methods of a case's report, a paragraph each."""
    between = say(
        "Between sessions, a participant is compared where at least 4 turns are scored in each, by the same models and "
        "relative to the case. Embeddings are compared by the cosine of their means after the speaker's and "
        "everybody's mean is taken off, against the same with blocks of turns shuffled between the sessions; pairs are "
        "counted as different at a false discovery rate of 5 % (Benjamini and Hochberg 1995). Trends over dates take "
        "the session as the unit, with turns nested in it."
    )
    return [*_analysis(sessions), _statistics(), between]


def citations(sessions: Sequence[Session], of_case: bool = False) -> list[str]:
    """What the methods cite, in alphabetical order; references stay in the language they were published in."""
    names = [model["name"] for session in sessions for model in models_of(session) if model.get("name")]
    of_models = [text for key, texts in _OF_MODELS.items() for text in texts if any(_is(name, key) for name in names)]
    return sorted({_NORMS, _BOOTSTRAP, _BLOCKS, _PERMUTATION, *of_models, *([_DISCOVERY] if of_case else [])})


def models_of(session: Session) -> list[dict[str, Any]]:
    """The models that a session was analysed with: name, revision, licence, credit, as far as they are recorded."""
    kinds = (session.provenance.get(kind) or {} for kind in ("diarizer", "recognizer"))
    return [dict(model) for kind in kinds for model in kind.get("models", [])]


def _is(name: str, key: str) -> bool:
    return key in name if key in ("pyannote", "emotion2vec") else name == key


def _analysis(sessions: Sequence[Session]) -> list[str]:
    if not sessions:
        return []
    known = sessions[-1].provenance
    config: Mapping[str, Any] = known.get("config") or {}
    found = say(
        "Speakers were told apart by the diarizer '{diarizer}'; emotions were scored by the recogniser '{recognizer}', "
        "as probabilities of {labels}, from the sound of the voice alone, whatever was said.",
        diarizer=(known.get("diarizer") or {}).get("name") or "–",
        recognizer=(known.get("recognizer") or {}).get("name") or "–",
        labels=listed([say(label) for label in sessions[-1].scheme.labels]),
    )
    return [found, *_rules(config)]


def _rules(config: Mapping[str, Any]) -> list[str]:
    turns, emotion = config.get("turns") or {}, config.get("emotion") or {}
    if not {"max_pause"} <= set(turns) or not {
        "min_speech",
        "max_overlap",
        "uncertain_below",
        "uncertain_margin",
    } <= set(emotion):
        return []
    return [
        say(
            "A turn is what one person says before another takes over or a pause of more than {pause} s. Turns with "
            "less than {least} s of clean speech, or more than {overlap} of it under other voices, are not scored, nor "
            "are those that are too quiet; an emotion with a probability below {below}, or closer than {margin} to the "
            "next, is called uncertain.",
            pause=f"{turns['max_pause']:g}",
            least=f"{emotion['min_speech']:g}",
            overlap=f"{emotion['max_overlap']:.0%}",
            below=f"{emotion['uncertain_below']:g}",
            margin=f"{emotion['uncertain_margin']:g}",
        )
    ]


def _statistics() -> str:
    return say(
        "Valence and arousal are the means of published norms of the emotions' names (Russell and Mehrabian 1977), "
        "weighted by the scores. Averages over turns weigh each turn by its duration; intervals are bootstrap "
        "intervals over turns (Hesterberg 2015). p-values of differences come from shuffled blocks of neighbouring "
        "turns (Künsch 1989), between which as many turns are left out as somebody goes on sounding alike, and are "
        "never 0 (Phipson and Smyth 2010). Measures are defined, each with its source, in docs/measures.md of Turntone."
    )
