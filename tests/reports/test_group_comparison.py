from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from diarization.errors import ConfigError
from pipeline.sessions import Session
from reports.group_comparison import group_comparison
from reports.group_tables import COLUMNS, group_json, group_markdown, group_table
from tests.sessions import make_session

from .tables import session_of, turn

PEOPLE = ("Anna", "Cem", "Dora", "Eva", "Finn", "Gil")


def sessions(number: int = 6) -> list[Session]:
    """A case for each of six clients, the counsellor being the same."""
    return [
        make_session(24, seed=at, case=f"case {name}", participants=(name, "Ben"))
        for at, name in enumerate(PEOPLE[:number])
    ]


def table_of(folder: Path, text: str) -> Path:
    path = folder / "groups.csv"
    path.write_text(text, encoding="utf-8")
    return path


def by_participant(folder: Path) -> Path:
    rows = [f"{name},{'talking' if at % 2 else 'waiting list'},{30 + at}" for at, name in enumerate(PEOPLE)]
    return table_of(folder, "participant,condition,age\n" + "\n".join(rows) + "\n")


def test_groups_of_participants_have_exact_numbers(tmp_path: Path) -> None:
    found = group_comparison(sessions(), by_participant(tmp_path), "condition", ["affect_mean"], reference="talking")
    valence = next(each for each in found.contrasts if each.outcome == "affect_mean: valence")
    assert (valence.level.name, valence.reference.name) == ("waiting list", "talking")
    assert (valence.level.num_speakers, valence.level.num_sessions, valence.level.num_turns) == (3, 3, 36)
    assert 0 <= valence.p <= valence.p_corrected <= 1
    assert found.counts.to_dict("records") == [
        {"level": "talking", "num_speakers": 3, "num_sessions": 3},
        {"level": "waiting list", "num_speakers": 3, "num_sessions": 3},
    ]


def test_a_session_is_named_by_its_id_or_its_file_and_a_role_may_be_asked_for(tmp_path: Path) -> None:
    ids = [f"{each.id},first" if at % 2 else f"session-{at}.wav,second" for at, each in enumerate(sessions())]
    path = table_of(tmp_path, "session;clinic\n".replace(";", ",") + "\n".join(ids))
    found = group_comparison(sessions(), path, "clinic", ["talk_share"], role="client")
    assert found.contrasts[0].level.num_speakers == 3
    everybody = group_comparison(sessions(), path, "clinic", ["talk_share", "silence_share"])
    assert everybody.contrasts[0].level.num_speakers == 6
    assert [each.outcome for each in everybody.contrasts] == ["talk_share", "silence_share"]
    assert everybody.contrasts[1].level.num_turns == 3 * 24


def test_masked_speakers_and_what_has_too_little_data_take_no_part(tmp_path: Path) -> None:
    masked = session_of([turn(4 * at, 4 * at + 2, reason="masked") for at in range(12)])
    masked = replace(masked, id="ffffffffffff", case="case Anna", speakers=masked.speakers.assign(participant="Anna"))
    found = group_comparison(
        [masked, *sessions()[1:]], by_participant(tmp_path), "condition", ["affect_mean", "talk_share"]
    )
    scored = {each.outcome: each.reference.num_speakers + each.level.num_speakers for each in found.contrasts}
    assert scored == {"affect_mean: valence": 5, "affect_mean: arousal": 5, "talk_share": 6}


def test_who_is_not_known_is_said(tmp_path: Path) -> None:
    nobody = make_session(24, seed=9, participants=(None, "Ben"))
    path = table_of(tmp_path, by_participant(tmp_path).read_text() + "Zoe,talking,40\n")
    found = group_comparison([*sessions(), nobody], path, "condition", ["talk_share"])
    assert found.left_out == (
        "groups.csv: 1 of 7 rows speak of nobody there is (line 8)",
        "session 000000000009: 1 speaker is no known participant and left out",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,condition\nAnna,a\n", "it has neither a column 'session' nor 'participant'"),
        ("participant,clinic\nAnna,a\n", "there is no column 'condition'; it has clinic"),
        ("participant,condition\nAnna,a\nAnna,b\n", "Anna in session 000000000000 is 'a' in line 2 and 'b' in line 3"),
        ("participant,condition\nAnna,a,b\n", "line 2 has 3 cells, the header has 2"),
        ("", "it is empty"),
        ("participant,condition,condition\n", "two columns have one name"),
        ("participant,condition\nAnna,a\n", "two are needed to compare, there is only 'a'"),
        ("participant,condition\nZoe,a\n", "nothing measured has a group"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError) as error:
        group_comparison(sessions(2), table_of(tmp_path, text), "condition", ["talk_share"])
    assert why in str(error.value)


def test_measures_of_pairs_and_cases_are_not_compared(tmp_path: Path) -> None:
    for name, what in (("synchrony", "of a pair"), ("case_trend", "of a case"), ("trajectory", "of each detail")):
        with pytest.raises(ConfigError, match=what):
            group_comparison(sessions(), by_participant(tmp_path), "condition", [name])


def test_tables_are_ready_for_a_paper(tmp_path: Path) -> None:
    found = group_comparison(sessions(), by_participant(tmp_path), "condition")
    table = group_table(found)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == len(found.contrasts) == 8  # talk share, mean turn, valence, arousal, four emotions
    text = group_markdown(found)
    assert "| talk_share | waiting list | 0.5" in text and "3 / 3 / 36" in text
    assert "corrected for 8 tests by Benjamini and Hochberg's method" in text
    as_json = group_json(found)
    assert as_json["groups"][0]["num_speakers"] == 3
    assert pd.isna(table["note"]).all() and as_json["contrasts"][0]["note"] is None
