import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from diarization.errors import AudioError, ModelError
from diarization.model_files import folder_of
from emotion.emotion2vec import Emotion2vecRecognizer, catalog_name
from emotion.recognizers import BatchedRecognizer, EmotionConfig, make_recognizer
from emotion.schemes import CANONICAL
from tests.emotion2vec_checkpoint import FIVE_TOKENS, make_checkpoint
from tests.funasr_reference import funasr_results
from tests.real_clips import real_clips

HUB_NAMES = ("iic/emotion2vec_plus_base", "emotion2vec/emotion2vec_plus_base", "emotion2vec-plus-base")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("models") / "tiny", sharpness=5.0)


@pytest.fixture(scope="module")
def five_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("models") / "five", tokens=FIVE_TOKENS, sharpness=5.0)


def assert_agrees_with_funasr(checkpoint: Path, clips: list[np.ndarray], folder: Path) -> None:
    theirs = funasr_results(checkpoint, clips, folder)
    recognizer = Emotion2vecRecognizer(str(checkpoint))
    ours = recognizer.recognize(clips)
    assert [label.rsplit("/", 1)[-1].replace("<unk>", "unknown") for label in theirs["labels"]] == list(
        recognizer.scheme.labels
    )
    embeddings = np.array([each.embedding for each in ours])
    assert np.abs(np.array([each.scores for each in ours]) - theirs["scores"]).max() <= 1e-5
    differences = np.linalg.norm(embeddings - theirs["embeddings"], axis=1)
    assert (differences / np.linalg.norm(theirs["embeddings"], axis=1)).max() <= 1e-5
    assert np.ptp(theirs["scores"], axis=0).max() > 1e-3, "the clips have to differ for agreement to mean anything"


def test_a_checkpoint_of_the_large_size_agrees_with_funasr_on_twenty_clips(tmp_path: Path):
    folder = make_checkpoint(tmp_path / "emotion2vec_plus_large", "large", sharpness=5.0)
    assert (folder / "model.pt").stat().st_size > 600e6
    assert_agrees_with_funasr(folder, real_clips(20, shortest=0.3, longest=1.5), tmp_path)


def test_unused_classes_are_masked_as_in_funasr(five_classes: Path, tmp_path: Path):
    assert_agrees_with_funasr(five_classes, real_clips(4, shortest=0.5, longest=4.0), tmp_path)


def test_frame_scores_are_fifty_a_second(tiny: Path):
    (recognition,) = Emotion2vecRecognizer(str(tiny)).recognize([real_clips(1, 2.0, 2.0)[0]])
    assert recognition.frame_step == 0.02
    assert recognition.frame_scores.shape == (99, 9)


def test_scores_of_unused_classes_are_left_out(five_classes: Path):
    recognizer = Emotion2vecRecognizer(str(five_classes))
    (recognition,) = recognizer.recognize(real_clips(1, 1.0, 1.0))
    assert recognizer.scheme.labels == ("angry", "happy", "neutral", "sad", "unknown")
    assert recognition.scores.shape == (5,)
    assert recognition.scores.sum() == pytest.approx(1)


def test_provenance_names_the_folder_its_contents_and_its_sizes(tiny: Path):
    (use,) = Emotion2vecRecognizer(str(tiny)).uses
    assert use.name == "tiny (local folder)"
    assert use.revision.startswith("local-")
    assert use.details == {"labels": list(CANONICAL), "blocks": "1 + 2", "dimension": 64, "precision": "float32"}


def test_provenance_says_where_a_revision_has_fewer_classes(five_classes: Path):
    (use,) = Emotion2vecRecognizer(str(five_classes)).uses
    assert use.details["note"].startswith(
        "this revision tells 5 classes apart, not the 9 of current emotion2vec+ models"
    )
    assert "never says disgusted, fearful, other, surprised" in use.details["note"]


def test_other_weights_are_another_revision(tmp_path: Path):
    one, other = (make_checkpoint(tmp_path / str(seed) / "model", seed=seed) for seed in (0, 1))
    assert Emotion2vecRecognizer(str(one)).uses[0].revision != Emotion2vecRecognizer(str(other)).uses[0].revision


def test_a_folder_copied_by_hand_works_by_its_name_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path))
    make_checkpoint(folder_of("emotion2vec-plus-large"))

    def refuse(*args, **kwargs):
        raise AssertionError("no network is needed here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    recognizer = make_recognizer(EmotionConfig(backend="emotion2vec"))
    assert len(recognizer.recognize(real_clips(2, 0.5, 1.0))) == 2
    (use,) = recognizer.uses
    assert use.name == "emotion2vec-plus-large"
    assert "emotion2vec" in use.credit


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path))
    for ask in (lambda it: it.scheme, lambda it: it.uses, lambda it: it.recognize(real_clips(1, 1.0, 1.0))):
        with pytest.raises(ModelError, match="turntone models fetch emotion2vec-plus-base"):
            ask(Emotion2vecRecognizer("emotion2vec-plus-base"))


@pytest.mark.parametrize(
    "name", ["iic/emotion2vec_plus_base", "emotion2vec/emotion2vec_plus_base", "emotion2vec-plus-base"]
)
def test_hub_names_mean_the_same_model(name: str):
    assert catalog_name(name) == "emotion2vec-plus-base"


@pytest.mark.parametrize("name", ["emotion3vec", "embedded-speaker", "emotion2vec_base"])
def test_an_unknown_model_lists_the_known_ones(name: str):
    with pytest.raises(ModelError, match=f"'{name}' is neither a folder nor one of emotion2vec-plus-large, "):
        _ = Emotion2vecRecognizer(name).scheme


def test_a_path_without_a_folder_is_an_error(tmp_path: Path):
    with pytest.raises(ModelError, match=r"emotion\.model: there is no folder .*nowhere"):
        _ = Emotion2vecRecognizer(str(tmp_path / "nowhere")).scheme


def test_a_stretch_without_a_frame_is_an_error(tiny: Path):
    with pytest.raises(AudioError, match=r"stretch 2 of 2: 0\.020 s of sound; at least 0\.025 s are needed"):
        Emotion2vecRecognizer(str(tiny)).recognize([np.ones(400, np.float32), np.ones(320, np.float32)])


def test_samples_that_are_no_numbers_are_an_error(tiny: Path):
    with pytest.raises(AudioError, match="stretch 1 of 1: holds samples that are no numbers"):
        Emotion2vecRecognizer(str(tiny)).recognize([np.full(4_000, np.nan, np.float32)])


def test_digital_silence_has_scores(tiny: Path):
    (recognition,) = Emotion2vecRecognizer(str(tiny)).recognize([np.zeros(16_000, np.float32)])
    assert recognition.scores.sum() == pytest.approx(1)
    assert np.isfinite(recognition.embedding).all()


def test_nothing_gives_nothing_and_loads_nothing(tiny: Path):
    recognizer = Emotion2vecRecognizer(str(tiny))
    assert recognizer.recognize([]) == []
    assert recognizer._engine is None


def test_threads_share_one_model(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    import emotion.emotion2vec_engine as engine

    loads = []
    load = engine.load_model
    monkeypatch.setattr(engine, "load_model", lambda checkpoint: loads.append(1) or load(checkpoint))
    recognizer = Emotion2vecRecognizer(str(tiny))
    clips = real_clips(3, 0.5, 1.0)
    found: list[list] = []
    threads = [threading.Thread(target=lambda: found.append(recognizer.recognize(clips))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(found) == 4
    assert all(np.array_equal(each[2].scores, found[0][2].scores) for each in found)


@pytest.mark.parametrize("allowed", [2, 5])
def test_batches_that_run_side_by_side_give_what_they_give_one_by_one(
    tiny: Path, threads: Callable[[int], None], allowed: int
):
    import torch

    clips = real_clips(12, 0.1, 9.0)
    threads(1)
    recognizer = Emotion2vecRecognizer(str(tiny))
    alone = recognizer.recognize(clips)
    threads(allowed)
    recognizer.budget = 6.0
    shares: list[float] = []
    beside = recognizer.recognize(clips, lambda _, share: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) >= allowed
    assert torch.get_num_threads() == allowed
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_allclose(other.scores, one.scores, atol=1e-5)
        np.testing.assert_allclose(other.embedding, one.embedding, atol=1e-5 * np.linalg.norm(one.embedding))


def test_what_fails_beside_other_batches_is_raised_and_threads_are_as_before(
    tiny: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    import torch

    import emotion.emotion2vec_engine as engine

    threads(2)
    recognizer = Emotion2vecRecognizer(str(tiny))
    recognizer.recognize(real_clips(1, 1.0, 1.0))

    def fails(_engine: object, _batch: object) -> None:
        raise RuntimeError("no memory to be had")

    monkeypatch.setattr(engine.Emotion2vecEngine, "_run_batch", fails)
    with pytest.raises(RuntimeError, match="no memory to be had"):
        recognizer.recognize(real_clips(4, 1.0, 1.0))
    assert torch.get_num_threads() == 2


def test_batches_side_by_side_keep_to_the_sound_that_was_set_together(
    tiny: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    import emotion.emotion2vec_engine as engine

    running, most, lock = [0.0], [0.0], threading.Lock()
    run_batch = engine.Emotion2vecEngine._run_batch

    def counted(self: engine.Emotion2vecEngine, batch: engine._Batch) -> list[engine.ClipOutput]:
        with lock:
            running[0] += sum(batch.line.frames) / 50
            most[0] = max(most[0], running[0])
        found = run_batch(self, batch)
        with lock:
            running[0] -= sum(batch.line.frames) / 50
        return found

    threads(4)
    recognizer = Emotion2vecRecognizer(str(tiny))
    recognizer.recognize(real_clips(1, 1.0, 1.0))
    monkeypatch.setattr(engine.Emotion2vecEngine, "_run_batch", counted)
    for seconds, longest in ((8.0, 2.0), (6.0, 6.0), (3.0, 6.0)):
        recognizer.budget, most[0] = seconds, 0.0
        recognizer.recognize(real_clips(8, 1.0, longest))
        assert most[0] <= max(seconds, longest)


def test_the_sound_that_runs_at_once_can_be_set(
    tiny: Path, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    import emotion.emotion2vec_engine as engine

    threads(1)
    sizes: list[int] = []
    run_batch = engine.Emotion2vecEngine._run_batch
    monkeypatch.setattr(
        engine.Emotion2vecEngine,
        "_run_batch",
        lambda self, batch: sizes.append(len(batch.line.frames)) or run_batch(self, batch),
    )
    recognizer, clips = Emotion2vecRecognizer(str(tiny)), real_clips(4, 1.0, 1.0)
    recognizer.recognize(clips)
    recognizer.budget = 3.0
    recognizer.recognize(clips)
    assert sizes[1:] == [4, 2, 2]  # the first one warms up
    assert isinstance(recognizer, BatchedRecognizer)


def test_progress_reaches_the_end(tiny: Path):
    steps: list[tuple[str, float]] = []
    Emotion2vecRecognizer(str(tiny)).recognize(real_clips(3, 0.5, 1.0), lambda step, share: steps.append((step, share)))
    assert steps[-1] == ("recognize", 1.0)
