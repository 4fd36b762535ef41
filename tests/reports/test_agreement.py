from __future__ import annotations

import numpy as np
import pytest

from pipeline.reviews import reviewed
from reports.agreement import agreement, kappas
from reports.exports.corrections import correction_rows
from tests.sessions import make_session
from tests.sessions import said as answers


def test_kappa_is_that_of_a_published_table() -> None:
    # Cohen's worked example as Fleiss, Levin and Paik (2003, table 18.1) have it: 0.676 of three answers.
    table = np.array([[[75, 1, 4], [5, 4, 1], [0, 0, 10]]])
    assert kappas(table)[0] == pytest.approx(0.676, abs=0.0005)


def test_agreement_counts_what_a_person_confirmed_and_corrected() -> None:
    session = make_session(24)
    turns = [turn for turn in range(20) if turn != 3]
    said = {turn: {"emotion": session.turns.at[turn, "emotion"]} for turn in turns}
    wrong = {0: {"emotion": next(each for each in session.scheme.labels if each != session.turns.at[0, "emotion"])}}
    speaker, emotion = agreement([reviewed(session, answers(said | wrong))])
    assert (emotion.num_turns, emotion.num_same) == (19, 18)
    assert emotion.kappa is not None and emotion.low is not None and emotion.high is not None
    assert 0.8 < emotion.kappa < 1 and emotion.low < emotion.kappa <= emotion.high <= 1
    assert (speaker.num_turns, speaker.kappa) == (0, None)


def test_few_turns_have_no_kappa() -> None:
    session = make_session(24)
    _, emotion = agreement([reviewed(session, answers({turn: {"emotion": "sad"} for turn in range(9) if turn != 3}))])
    assert (emotion.num_turns, emotion.kappa) == (8, None)


def test_corrections_are_a_table_of_labels() -> None:
    session = make_session(8)
    rows = correction_rows(
        [reviewed(session, answers({0: {"speaker": "SPEAKER_01"}, 2: {"emotion": "happy"}}))]
    ).to_dict("records")
    assert rows == [
        {
            "path": "", "session": "000000000000", "start": 7.0, "end": 10.0, "speaker": "Anna", "emotion": "happy",
            "machine_speaker": "Anna", "machine_emotion": session.turns.at[2, "emotion"],
            "machine_confidence": session.turns.at[2, "confidence"], "annotator": "",
        }
    ]  # fmt: skip
