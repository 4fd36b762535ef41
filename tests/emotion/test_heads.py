from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diarization.errors import ModelError
from emotion.heads import FACTS, WEIGHTS, Head, load_head, save_head
from emotion.recognizers import Recognition
from emotion.schemes import EmotionScheme

HEAD = Head(
    "clinic",
    EmotionScheme(("calm", "tense"), ((0.4, -0.3), None)),
    (("model", "abc"),),
    np.array([1.0, 0.0]),
    np.array([2.0, 1.0]),
    np.array([[0.0, 0.0], [1.0, 2.0]]),
    np.array([0.0, -1.0]),
    2.0,
    {"made": "today"},
)


def test_probabilities_by_hand() -> None:
    # Standardised (1, 1); logits 0 and 1 + 2 - 1 = 2, at temperature 2 one; the logistic of 1 is 0.731.
    assert HEAD.probabilities(np.array([[3.0, 1.0]]))[0] == pytest.approx([0.2689, 0.7311], abs=1e-4)


def test_a_window_has_one_row_of_frame_scores() -> None:
    found = HEAD.recognition(
        Recognition(np.ones(4, np.float32) / 4, np.array([3.0, 1.0], np.float32), np.ones((9, 4), np.float32), 0.02),
        4.5,
    )
    assert found.frame_scores.shape == (1, 2)
    assert found.frame_step == 4.5
    assert found.scores == pytest.approx([0.2689, 0.7311], abs=1e-4)


def test_a_head_reads_back_without_pickle(tmp_path: Path) -> None:
    save_head(HEAD, tmp_path / "clinic")
    back = load_head(tmp_path / "clinic")
    assert (back.name, back.scheme, back.uses, back.facts) == (HEAD.name, HEAD.scheme, HEAD.uses, HEAD.facts)
    assert back.revision == HEAD.revision
    assert sorted(each.name for each in (tmp_path / "clinic").iterdir()) == [FACTS, WEIGHTS]


@pytest.mark.parametrize("file", [FACTS, WEIGHTS])
def test_a_broken_file_is_named(tmp_path: Path, file: str) -> None:
    save_head(HEAD, tmp_path / "clinic")
    (tmp_path / "clinic" / file).write_bytes(b"{}")
    with pytest.raises(ModelError, match="clinic: no whole head"):
        load_head(tmp_path / "clinic")


def test_other_weights_are_another_revision() -> None:
    other = Head(**(vars(HEAD) | {"bias": np.array([0.0, -1.1])}))
    assert other.revision != HEAD.revision


def test_another_revision_of_the_recogniser_is_refused() -> None:
    HEAD.check_fits([["model", "abc"]])
    with pytest.raises(ModelError, match="trained on embeddings of model abc, and here they would come from model abd"):
        HEAD.check_fits([["model", "abd"]])


def test_valence_is_derived_only_where_every_label_has_norms() -> None:
    assert np.isnan(HEAD.scheme.valence_arousal(np.array([0.9, 0.1]))).all()
    whole = EmotionScheme(("calm", "tense", "other"), ((0.4, -0.3), (-0.4, 0.7), None))
    assert whole.valence_arousal(np.array([0.5, 0.25, 0.25])) == pytest.approx((0.4 / 3, 0.1 / 3))
