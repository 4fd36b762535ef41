from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from diarization.errors import ConfigError
from diarization.segments import Segment
from pipeline.sessions import SessionArrays, segments_table
from reports.drawing import shown_names, time_axis, wrapped
from reports.figure_list import FIGURES, FigureEntry, draw_for, find_figure
from reports.figures import (
    case_shares_figure,
    case_valence_figure,
    coupling_figure,
    emotion_share_figure,
    frame_heat_map,
    message_figure,
    session_map,
    similarity_figure,
    talk_time_figure,
    trajectories,
    transition_graph,
)
from reports.palette import EMOTION_COLOURS, SPEAKER_COLOURS, UNSCORED, speaker_colours
from reports.themes import DARK, LIGHT, THEME_NAMES, THEMES, ThemeName, contrast
from tests.sessions import make_session

from .tables import HOSTILE, NINE, session_of, turn


def lanes(figure: Any) -> Any:
    return figure.data[1]


def said(figure: Any) -> str:
    return " ".join(figure.layout.annotations[0].text.replace("<br>", " ").split())


def test_the_map_draws_each_turn_with_its_row_and_start() -> None:
    bars = lanes(session_map(session_of([turn(0, 3), turn(3, 4.5, "B"), turn(5, 5.3, reason="too short")])))
    assert bars.base.tolist() == [0.0, 3.0, 5.0]
    assert bars.x.tolist() == pytest.approx([3.0, 1.5, 0.3])
    assert list(bars.y) == [0, 1, 0]
    assert list(bars.customdata) == [[0, 0.0], [1, 3.0], [2, 5.0]]


def test_the_map_colours_emotions_and_hatches_what_is_not_scored() -> None:
    bars = lanes(session_map(session_of([turn(0, 3), turn(3, 3.2, reason="too short")])))
    assert list(bars.marker.color) == [EMOTION_COLOURS["sad"], UNSCORED]
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert list(bars.marker.opacity) == [pytest.approx(0.64), 1.0]


def test_a_turn_says_its_scores_and_why_it_has_none() -> None:
    texts = lanes(session_map(session_of([turn(0, 75.9, overlap=0.25), turn(80, 81, reason="too <short>")]))).hovertext
    assert texts[0] == "A, 0:00 to 1:15<br>sad 40%, neutral 30%, happy 20%<br>25% under other voices"
    assert texts[1] == "A, 1:20 to 1:21<br>not scored: too &lt;short&gt;"


def test_the_map_shows_where_voices_overlap() -> None:
    segments = [(Segment(0, 4), "A"), (Segment(3, 6), "B"), (Segment(3.5, 5), "C"), (Segment(6, 7), "A")]
    session = replace(session_of([turn(0, 4), turn(3, 6, "B")]), segments=segments_table(segments))
    overlap = session_map(session).data[2]
    assert list(overlap.x) == [3.0, 5.0, None]


def test_the_legend_names_the_emotions_heard() -> None:
    names = [
        trace.name for trace in session_map(session_of([turn(0, 3), turn(3, 4, reason="no")])).data if trace.showlegend
    ]
    assert names == ["sad", "not scored"]


@pytest.mark.parametrize("draw", [session_map, trajectories, talk_time_figure, emotion_share_figure])
def test_an_empty_session_gets_a_sentence(draw: Any) -> None:
    figure = draw(session_of([]))
    assert len(figure.data) == 0
    assert said(figure).startswith(("No speech was found", "Not enough data"))


@pytest.mark.parametrize("num_turns", [1, 2, 9])
@pytest.mark.parametrize("draw", [session_map, trajectories, talk_time_figure, emotion_share_figure])
def test_few_turns_can_be_drawn(draw: Any, num_turns: int) -> None:
    assert draw(make_session(num_turns, unscored=0)).to_json()


def test_a_session_of_which_nothing_is_scored_says_so() -> None:
    session = session_of([turn(at, at + 1, reason="noise") for at in range(6)])
    assert said(emotion_share_figure(session)) == "Not enough data: no turn of this session is scored."
    assert "no speaker has 4 scored turns" in said(trajectories(session))
    assert len(session_map(session).data[1].x) == 6


def test_trajectories_draw_every_label_and_each_turn_with_its_row() -> None:
    figure = trajectories(make_session(20, scheme=NINE))
    points = [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]
    assert [row for row, _ in points[0].customdata] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert points[1].customdata[0] == [1, 3.5]
    assert {trace.name for trace in figure.data if trace.showlegend} == set(NINE.labels)


def test_every_label_of_nine_has_its_own_colour() -> None:
    figure = emotion_share_figure(make_session(20, scheme=NINE))
    colours = {trace.name: trace.marker.color for trace in figure.data}
    assert colours == {label: EMOTION_COLOURS[label] for label in NINE.labels}
    assert len(set(colours.values())) == 9


def test_talk_time_is_written_beside_the_bars() -> None:
    figure = talk_time_figure(session_of([turn(0, 90), turn(90, 120, "B")]))
    assert list(figure.data[0].text) == ["1:30 · 75%", "0:30 · 25%"]
    assert list(figure.data[0].y) == ["A", "B"]


def test_names_that_look_like_numbers_or_dates_stay_names() -> None:
    session = make_session(8, participants=("2024-01-01", "12"))
    for draw in (talk_time_figure, emotion_share_figure):
        assert draw(session).layout.yaxis.type == "category"


def test_one_participant_under_two_labels_has_two_bars() -> None:
    session = make_session(8, participants=("Anna", "Anna"))
    assert list(talk_time_figure(session).data[0].y) == ["Anna (1)", "Anna (2)"]


def test_hostile_and_wide_names_are_shown_as_they_are() -> None:
    session = make_session(12, participants=(HOSTILE, "心理咨询师王小明先生您好"))
    for figure in (
        session_map(session),
        trajectories(session),
        talk_time_figure(session),
        emotion_share_figure(session),
    ):
        texts = json.dumps(figure.to_plotly_json(), default=lambda array: array.tolist(), ensure_ascii=False)
        assert "<script" not in texts
    assert "&lt;script&gt;" in session_map(session).layout.yaxis2.ticktext[0]
    assert session_map(session).layout.yaxis2.ticktext[1] == "心理咨询师王小…"


def test_names_that_are_cut_alike_stay_apart() -> None:
    assert shown_names(["Bartholomew the First", "Bartholomew the Last", "B"]) == [
        "Bartholomew the…", "Bartholomew the… (2)", "B",
    ]  # fmt: skip


def test_wrapping_does_not_cut_through_an_entity() -> None:
    assert wrapped("<" * 10, 4) == "&lt;&lt;&lt;&lt;<br>&lt;&lt;&lt;&lt;<br>&lt;&lt;"


def test_the_time_axis_has_round_ticks() -> None:
    assert time_axis(81)["ticktext"] == ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15"]
    assert time_axis(0)["range"] == [0, 1.0]


def test_forty_speakers_are_drawn() -> None:
    names = tuple(f"P{index}" for index in range(40))
    session = make_session(400, participants=names, roles=(None,) * 40)
    assert len(session_map(session).layout.yaxis2.ticktext) == 40
    figure = trajectories(session)
    assert len([trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]) == 8
    assert "The 8 speakers who talk longest; 32 others are not drawn." in figure.to_json()
    assert len(set(speaker_colours(session))) == 40


def test_a_map_of_two_thousand_turns_takes_well_under_a_second() -> None:
    session = make_session(2000, scheme=NINE)
    session_map(session)
    begun = time.process_time()
    session_map(session)
    assert time.process_time() - begun < 1.0


def test_a_case_draws_a_line_an_emotion_with_intervals() -> None:
    sessions = [make_session(24, seed=seed) for seed in range(3)]
    figure = case_shares_figure(sessions, "Anna")
    assert [trace.name for trace in figure.data] == ["angry", "happy", "neutral", "sad"]
    first = figure.data[0]
    assert [round(place) for place in first.x] == [0, 1, 2]
    assert (np.array(first.error_y.array) > 0).all() and (np.array(first.error_y.arrayminus) > 0).all()
    assert list(figure.layout.xaxis.ticktext) == ["2026-<br>03-02 (1)", "2026-<br>03-02 (2)", "2026-<br>03-02 (3)"]


def test_sessions_that_cannot_be_compared_are_marked_on_the_axis() -> None:
    figure = case_valence_figure(
        [make_session(24), make_session(4, seed=1, date=None), make_session(24, seed=2)], "Ben"
    )
    assert list(figure.layout.xaxis.ticktext)[1] == "session-1.wav<br>not compared"
    assert list(figure.data[0].x) == [0, 2]


def test_a_case_without_enough_turns_says_what_is_needed() -> None:
    for draw in (case_shares_figure, case_valence_figure):
        text = said(draw([make_session(4)], "Anna"))
        assert text == "Not enough data: 4 scored turns of Anna are needed in one session at least."
    text = said(similarity_figure([make_session(4), make_session(24, seed=1)], "Anna"))
    assert text == (
        "Not enough data: two comparable sessions of Anna are needed "
        "(2026-03-02 (1): 2 scored turns of Anna, at least 4 are needed)."
    )
    assert "(there is one session)" in said(similarity_figure([make_session(24)], "Anna"))


def test_the_similarity_matrix_is_written_out() -> None:
    heat = similarity_figure([make_session(80), make_session(80, seed=1)], "Anna").data[0]
    assert list(heat.x) == list(heat.y) == ["2026-03-02 (1)", "2026-03-02 (2)"]
    assert heat.text[0][0].endswith("<br>halves")
    assert "<br>p = " in heat.text[0][1]
    for told in ("raw cosine", "which misleads", "energy distance", "distance of emotions"):
        assert told in heat.hovertext[0][1]


def test_sessions_of_few_turns_are_compared_without_p() -> None:
    heat = similarity_figure([make_session(24), make_session(24, seed=1)], "Anna").data[0]
    assert "p =" not in heat.text[0][1]
    assert "too few turns for p" in heat.hovertext[0][1]


def test_a_message_shows_markup_as_text() -> None:
    assert said(message_figure(f"No data of {HOSTILE}")) == "No data of &lt;script&gt;alert('x')&lt;/script&gt;"


def test_a_session_without_a_waveform_can_be_drawn() -> None:
    session = replace(make_session(6), arrays=SessionArrays())
    assert len(session_map(session).data[0].x) == 0


def test_shares_of_few_turns_say_so() -> None:
    figure = emotion_share_figure(make_session(4, unscored=None))
    assert list(figure.data[0].y) == ["Anna (2 turns only)", "Ben (2 turns only)"]


def test_the_map_has_a_ribbon_of_what_is_heard_and_marks_silence() -> None:
    session = session_of([turn(0, 4), turn(10, 14, "B")], 20.0)
    frames = np.array([[0.9, 0, 0.1, 0], [0, 0, 0, 1]], np.float32)
    arrays = replace(
        session.arrays, frame_scores=frames, frame_times=np.array([2.2, 12.2]), frame_offsets=np.array([0, 1, 2])
    )
    figure = session_map(replace(session, arrays=arrays))
    silence, *ribbon = [trace for trace in figure.data[3:] if trace.type == "scatter"]
    assert list(silence.x) == [4.0, 10.0, None, 14.0, 20.0, None]
    assert [(trace.line.color, trace.x[0]) for trace in ribbon] == [
        (EMOTION_COLOURS["angry"], 2.0), (EMOTION_COLOURS["sad"], 12.0),
    ]  # fmt: skip


def test_the_heat_map_has_each_frame_where_it_was_heard() -> None:
    figure = frame_heat_map(make_session(12))
    assert [trace.type for trace in figure.data] == ["heatmap", "heatmap"]
    session = make_session(12)
    times, scores = session.frames_of(2)
    first = figure.data[0]
    place = int(times[0] / 0.5)
    assert first.z[:, place].tolist() == pytest.approx(np.round(scores[0], 3).tolist())
    assert np.isnan(first.z[:, 7]).all()  # 3.5 s to 4 s: Ben speaks


def test_the_graph_says_which_emotion_follows_which() -> None:
    happy, sad = {"happy": 0.97, "sad": 0.01, "angry": 0.01, "neutral": 0.01}, {"sad": 0.97, "happy": 0.03}
    session = session_of([turn(2 * at, 2 * at + 1, scores=(happy, sad)[at % 2]) for at in range(40)], 90.0)
    figure = transition_graph(session)
    arrows = [each for each in figure.layout.annotations if each.arrowwidth and each.arrowwidth > 6]
    assert len(arrows) >= 2 and LIGHT.ink in {each.arrowcolor for each in arrows}
    after_happy = figure.data[0].hovertext[1].split("<br>")
    assert after_happy[0] == "happy: 50% of the scored time; next comes"
    assert after_happy[4].startswith("sad 94% (by chance 50%") and after_happy[4].endswith("p = 0.001)")
    assert "12 scored turns of the speaker" in said(transition_graph(session_of([turn(0, 3)])))


def test_coupling_has_each_lag_with_chance_beside_it() -> None:
    figure = coupling_figure(make_session(400))
    chance, real = figure.data
    assert list(real.x) == [2.0 * lag for lag in range(-10, 11)] == list(chance.x)
    assert figure.layout.yaxis.range[0] == -figure.layout.yaxis.range[1]
    assert "8 minutes" in said(coupling_figure(make_session(12)))


@pytest.mark.parametrize("entry", FIGURES.values(), ids=lambda entry: entry.name)
def test_every_figure_obeys_theme_and_language(entry: FigureEntry) -> None:
    sessions = [make_session(60, seed=seed) for seed in range(3)]
    day, night = (draw_for(entry, sessions, *_whose(entry), theme=name) for name in ("light", "dark"))
    assert day.layout.paper_bgcolor == LIGHT.paper and night.layout.paper_bgcolor == DARK.paper
    assert night.layout.font.color == DARK.ink
    assert entry.title and entry.about.endswith(".")


def _whose(entry: FigureEntry) -> tuple[str | None]:
    return ("Anna" if entry.of == "participant" else None,)


@pytest.mark.parametrize("name", THEME_NAMES)
def test_text_and_lines_stand_out_from_the_paper(name: ThemeName) -> None:
    theme = THEMES[name]
    assert contrast(theme.ink, theme.paper) >= 7 and contrast(theme.muted, theme.paper) >= 4.5
    assert all(
        contrast(theme.line(colour), theme.paper) >= 3 for colour in (*SPEAKER_COLOURS, *EMOTION_COLOURS.values())
    )


def test_emotions_keep_their_colours_in_the_dark() -> None:
    session = make_session(12)
    day, night = (lanes(session_map(session, theme=name)).marker.color for name in ("light", "dark"))
    kept = session.turns["scored"].to_numpy()
    assert np.array(day)[kept].tolist() == np.array(night)[kept].tolist()


def test_a_misspelt_figure_is_named_with_what_was_meant() -> None:
    with pytest.raises(ConfigError, match=r"figure 'session-mp': .* did you mean 'session-map'\?"):
        find_figure("session-mp")


def test_a_map_of_many_turns_has_a_line_an_emotion_that_knows_its_turns() -> None:
    session = make_session(500)
    lanes = [trace for trace in session_map(session).data if trace.type == "scatter" and trace.customdata is not None]
    rows = {each[0]: each[1] for trace in lanes for each in trace.customdata if each is not None}
    assert rows == pytest.approx(dict(enumerate(session.turns["start"])))
    assert len(lanes) <= 3 * len(session.scheme.labels) + 2
    assert all(len(trace.x) == len(trace.customdata) == len(trace.hovertext) for trace in lanes)
