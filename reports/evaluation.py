"""How good the analysis is on recordings whose truth is known."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diarization.audio import Sound, read
from diarization.diarizations import Diarization
from diarization.segments import intersection, total_duration
from diarization.turns import Turn
from emotion.windows import turn_speech
from pipeline.analysis import Scoring, score_heard
from pipeline.cache import StageCache
from pipeline.channels import choose_channels
from pipeline.stages.diarize import diarize
from pipeline.stages.running import Run
from pipeline.stages.turns import HeardTurn, find_turns

from .attribution import SaidTurn, attributed_seconds, turns_heard
from .case_recovery import CaseSession, case_session, case_trends
from .diarization_errors import pairing
from .diarization_evaluation import diarization_facts, told
from .evaluation_results import EmotionTime, RecordingResult
from .evaluation_tables import Evaluation
from .recovery import speaker_courses
from .truth import Labelled, Truth, read_truth, recordings_with_truth

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.engines import Engines


def evaluate_folder(
    folder: Path,
    config: Config,
    engines_of: Callable[[Config], Engines],
    count_given: bool = False,
    watch: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Analyse every recording of a folder whose turns are known, and compare.

    The truth of ``a.flac`` is ``a.rttm`` beside it and, where emotions are known, ``a.json`` with ``turns`` (start,
    end, speaker, emotion) and perhaps ``condition``. The diarization error rate has no collar and counts overlap
    (pyannote.metrics). Emotion is scored over time: the recall of an emotion is the share of its spoken seconds in
    which the speaker was found and scored with it; seconds that are not scored count as wrong, and emotions that the
    recogniser does not have are left out. Nothing is stored.

    Parameters
    ----------
    folder : Path
        Looked at with its subfolders.
    config : Config
        Settings of the analysis.
    engines_of : callable
        Gives the Engines of a Config.
    count_given : bool
        Whether the diarizer is told the true number of speakers.
    watch : callable, optional
        Called with a recording's name and the share of all recordings that is done.

    Raises
    ------
    FormatError
        Where the folder has no recording with an RTTM file, or a truth cannot be read.
    """
    pairs = [(audio, read_truth(rttm)) for audio, rttm in recordings_with_truth(folder)]
    _warm_up(config, engines_of)
    results, sessions = [], []
    for index, (audio, truth) in enumerate(pairs):
        if watch:
            watch(audio.name, index / len(pairs))
        result, session = _evaluated(audio, truth, config, engines_of, count_given)
        results.append(result)
        sessions += [session] if session else []
    trends = case_trends(sessions, engines_of(config)) if sessions else []
    return Evaluation(str(folder), count_given, tuple(results), tuple(trends))


def right_seconds(truth: Labelled, said: Labelled) -> dict[str, float]:
    """Seconds by true emotion in which the same speaker is said to sound so.

    Examples
    --------
    >>> from diarization.segments import Segment
    >>> truth = [(Segment(0, 4), "A", "angry"), (Segment(4, 6), "A", "sad")]
    >>> right_seconds(truth, [(Segment(1, 6), "A", "angry")])
    {'angry': 3, 'sad': 0}
    """
    right: dict[str, float] = {}
    for segment, speaker, emotion in truth:
        same = [stretch for stretch, who, which in said if who == speaker and which == emotion]
        right[emotion] = right.get(emotion, 0) + total_duration(intersection([segment], same))
    return right


def _evaluated(
    audio: Path, truth: Truth, config: Config, engines_of: Callable[[Config], Engines], count_given: bool
) -> tuple[RecordingResult, CaseSession | None]:
    config = told(config, truth) if count_given else config
    with tempfile.TemporaryDirectory() as folder:
        run = Run(engines_of(config), StageCache(Path(folder)), lambda _stage, _share: None)
        begun = time.perf_counter()
        sound = read(audio)
        choose_channels(sound, run)
        found = diarize(sound, run)
        heard = find_turns(found, sound, run)
        scoring = score_heard(heard, sound, run)
        facts = diarization_facts(audio, truth, sound, found, time.perf_counter() - begun)
        said = _paired(_said(heard, scoring, run), truth, found)
        known = _emotion_facts(truth, said, sound, run)
    return RecordingResult(**facts, **known), case_session(truth, said, scoring)


def _emotion_facts(truth: Truth, said: Sequence[SaidTurn], sound: Sound, run: Run) -> dict[str, Any]:
    """The fields of a RecordingResult that need true emotions, of those that the recogniser has; none without."""
    labels = run.engines.readout.scheme.labels
    spoken = [each for each in truth.emotions if each[2] in labels]
    if not spoken:
        return {}
    return {
        "emotions": _emotions(spoken, truth, said, sound, run),
        "attributed": attributed_seconds(truth.diarization, spoken, said),
        "turns": turns_heard(spoken, said),
        "courses": speaker_courses(truth, said, sound.recording.duration),
    }


def _emotions(
    spoken: Labelled, truth: Truth, said: Sequence[SaidTurn], sound: Sound, run: Run
) -> dict[str, EmotionTime]:
    turns = _as_turns(spoken, truth.diarization)
    heard = [HeardTurn(turn, turn_speech(turn, sound.waveform, run.engines.config.emotion)) for turn in turns]
    with_true = right_seconds(spoken, _labelled(_said(heard, score_heard(heard, sound, run), run)))
    with_found = right_seconds(spoken, _labelled(said))
    return {
        emotion: EmotionTime(
            sum(segment.duration for segment, _, which in spoken if which == emotion),
            with_true[emotion],
            with_found[emotion],
        )
        for emotion in with_true
    }


def _said(heard: Sequence[HeardTurn], scoring: Scoring, run: Run) -> list[SaidTurn]:
    """The turns with the likeliest emotion of each that is scored, also of those left uncertain."""
    table = scoring.scored.table
    labels = run.engines.readout.scheme.labels
    scores = table[[f"score_{label}" for label in labels]].fillna(0.0).to_numpy(float)
    return [
        SaidTurn(each.turn, labels[best] if scored else "", float(valence) if scored else float("nan"))
        for each, best, scored, valence in zip(
            heard, scores.argmax(axis=1), table["scored"], table["valence"], strict=True
        )
    ]


def _paired(said: Sequence[SaidTurn], truth: Truth, found: Diarization) -> list[SaidTurn]:
    """The turns with their speakers called as the true ones; those of speakers paired with nobody keep no true name."""
    names = pairing(truth.diarization, found)
    return [each.by(names.get(each.turn.speaker, f"{each.turn.speaker} (nobody)")) for each in said]


def _labelled(said: Sequence[SaidTurn]) -> Labelled:
    """The speech of the scored turns."""
    return [(piece, each.turn.speaker, each.emotion) for each in said if each.emotion for piece in each.turn.pieces]


def _as_turns(spoken: Labelled, reference: Diarization) -> list[Turn]:
    """The true turns, under whatever others say meanwhile."""
    others = {
        speaker: [each.segment for each in reference.segments if each.speaker != speaker]
        for speaker in {who for _, who, _ in spoken}
    }
    return [
        Turn(segment, speaker, (segment,), tuple(intersection([segment], others[speaker])))
        for segment, speaker, _ in spoken
    ]


def _warm_up(config: Config, engines_of: Callable[[Config], Engines]) -> None:
    """Load the models and run them once, so that the time factor is that of a program at work."""
    engines = engines_of(config)
    noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
    engines.diarizer.diarize(noise, engines.config.diarization)
    engines.recognizer.recognize([noise])
