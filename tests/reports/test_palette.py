from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from reports.palette import EMOTION_COLOURS, SPEAKER_COLOURS, speaker_colours
from tests.sessions import make_session

# Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), severity 1.0, in linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_emotions_are_told_apart(deficiency: str) -> None:
    seen = {label: lab(np.array(DEFICIENCIES[deficiency]) @ linear(each)) for label, each in EMOTION_COLOURS.items()}
    close = {
        pair: round(float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])), 1)
        for pair in combinations(seen, 2)
        if np.linalg.norm(seen[pair[0]] - seen[pair[1]]) < 20
    }
    assert close == {}


def test_no_speaker_has_the_colour_of_an_emotion() -> None:
    pairs = ((speaker, emotion) for speaker in SPEAKER_COLOURS for emotion in EMOTION_COLOURS.values())
    assert min(float(np.linalg.norm(lab(linear(one)) - lab(linear(other)))) for one, other in pairs) > 15


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_speakers_are_told_apart(deficiency: str) -> None:
    seen = {each: lab(np.array(DEFICIENCIES[deficiency]) @ linear(each)) for each in SPEAKER_COLOURS}
    close = {pair for pair in combinations(seen, 2) if np.linalg.norm(seen[pair[0]] - seen[pair[1]]) < 10}
    assert close == set()


def test_a_participant_has_the_same_colour_whoever_speaks_first() -> None:
    first = speaker_colours(make_session(4, participants=("Anna", "Ben")))
    second = speaker_colours(make_session(4, participants=("Ben", "Anna")))
    assert first["SPEAKER_00"] == second["SPEAKER_01"] != first["SPEAKER_01"] == second["SPEAKER_00"]


def test_unnamed_speakers_have_colours_in_their_order() -> None:
    colours = speaker_colours(make_session(4, participants=(None, None)))
    assert colours == {"SPEAKER_00": SPEAKER_COLOURS[0], "SPEAKER_01": SPEAKER_COLOURS[1]}


def test_eight_speakers_have_eight_colours() -> None:
    names = tuple(f"P{index}" for index in range(6))
    session = make_session(8, participants=(*names, None, None), roles=(None,) * 8)
    assert len(set(speaker_colours(session).values())) == 8
