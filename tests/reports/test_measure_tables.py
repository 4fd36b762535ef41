from __future__ import annotations

from reports.html import session_report
from reports.measure_tables import NOT_ENOUGH, measure_tables
from tests.sessions import make_session

from .tables import HOSTILE, renamed, session_of, turn


def test_a_session_has_its_measures_by_speaker_session_and_pair() -> None:
    tables = measure_tables(make_session(80))
    assert [table.heading for table in tables] == ["Turn taking", "The exchange", "Dynamics", "Between speakers"]
    assert [table.columns for table in tables] == [
        ["Anna", "Ben"], ["session"], ["Anna", "Ben"], ["Anna towards Ben", "Ben towards Anna"],
    ]  # fmt: skip
    assert all(len(cells) == len(table.columns) and mind for table in tables for _, cells, mind in table.rows)


def test_values_are_written_in_their_units() -> None:
    session = session_of([turn(0, 90), turn(90, 120, "B"), turn(120, 121)], 150)
    rows = {title: cells for title, cells, _ in measure_tables(session)[0].rows}
    assert rows["Talk time"] == ["1:31", "30.00 s"]
    assert rows["Share of the talk"] == ["75%", "25%"]
    assert rows["Turns"] == ["2", "1"]
    assert "Speaking rate" not in rows  # nobody's words are known


def test_words_are_counted_where_they_are_known_and_rows_say_what_would_be_enough() -> None:
    session = session_of([turn(4 * at, 4 * at + 2, text="one two three") for at in range(5)] + [turn(30, 32, "B")])
    rows = {title: (cells, mind) for title, cells, mind in measure_tables(session)[0].rows}
    cells, mind = rows["Speaking rate"]
    assert cells == ["90 words a minute", NOT_ENOUGH]
    assert mind.startswith("Needs 4 transcribed turns of the speaker. A stand-in for syllables")
    assert not rows["Talk time"][1].startswith("Needs")


def test_many_speakers_have_no_table_of_pairs() -> None:
    tables = measure_tables(make_session(60, participants=tuple("abcdefgh"), roles=(None,) * 8))
    assert [len(table.columns) for table in tables] == [6, 1, 6]


def test_a_session_without_turns_has_no_tables() -> None:
    assert measure_tables(session_of([])) == []


def test_the_report_shows_them_whatever_the_names() -> None:
    page = session_report(renamed(make_session(40), HOSTILE, "Ben"))
    assert "<h2>Turn taking</h2>" in page
    assert "Median pause" in page
    assert HOSTILE not in page
