"""Tables of sessions and of turns, to sort, filter and click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import dash_ag_grid as dag
from dash import html

from pipeline.corrections import ReviewCount
from reports.findings import flag_titles
from reports.language import say, spoken, translated
from reports.palette import people_colours
from reports.themes import theme_now

from .cards import aria
from .words import day, person

if TYPE_CHECKING:
    from pipeline.findings import Finding
    from pipeline.sessions import Session
    from pipeline.workspace import SessionSummary

_ROW, _HEAD = 44, 46
_LONGEST = 560
_THEME = {
    "function": (
        "themeQuartz.withParams({accentColor: 'var(--petrol)', backgroundColor: 'var(--card)',"
        " foregroundColor: 'var(--ink)', borderColor: 'var(--line)', headerBackgroundColor: 'var(--head)',"
        " headerTextColor: 'var(--soft)', headerFontWeight: 600, fontFamily: 'inherit', fontSize: 14,"
        " headerFontSize: 13, wrapperBorderRadius: 8, rowHeight: 44, headerHeight: 46,"
        " oddRowBackgroundColor: 'var(--card)', rowHoverColor: 'var(--hover)',"
        " selectedRowBackgroundColor: 'var(--petrol-light)', columnBorder: false})"
    )
}
_NUMBER = {"type": "rightAligned", "filter": "agNumberColumnFilter"}


def session_address(session_id: str) -> str:
    """The page of a session."""
    return f"/session/{session_id}"


def case_address(name: str) -> str:
    """The page of a case."""
    return f"/case/{quote(name, safe='')}"


def compare_address(one: str = "", other: str = "", who: str = "") -> str:
    """The page on which two sessions stand side by side, of somebody who speaks in both."""
    given = {name: value for name, value in (("a", one), ("b", other), ("who", who)) if value}
    return f"/compare?{urlencode(given)}" if given else "/compare"


def review_address(session_id: str) -> str:
    """The page on which a session's turns are corrected."""
    return f"/review/{session_id}"


def sessions_table(count: int) -> html.Div:
    """A row a session, linked to its page and its case's, asked for by the table as it is scrolled, sorted, filtered.

    Parameters
    ----------
    count : int
        How many sessions there are, which says how high the table is.
    """
    height = min(_LONGEST, _HEAD + _ROW * count + 18)
    filters = [{"field": name, "hide": True, "filter": "agTextColumnFilter"} for name in _ABOVE]
    grid = dag.AgGrid(
        id="sessions-table",
        columnDefs=[*_session_columns(), *filters],
        rowModelType="infinite",
        getRowId="params.data.key",
        defaultColDef={"sortable": True, "filter": "agTextColumnFilter", "resizable": True, "cellDataType": False},
        dashGridOptions=_options() | {"cacheBlockSize": 100, "maxBlocksInCache": 20, "rowBuffer": 20},
        style={"height": f"{height}px", "width": "100%"},
    )
    return html.Div(grid, className="table", role="region", **aria(say("The sessions")))


_ABOVE = ("words", "only", "participant", "role", "voices", "flag", "shape", "from", "to")
"""Fields that are no columns: what is chosen above the table (``dashboard.listing``)."""


def case_table(sessions: Sequence[SessionSummary], findings: FindingsById) -> html.Div:
    """The sessions of a case, a row each."""
    columns = [each for each in _session_columns() if each["field"] != "case"]
    columns = [each | {"filter": True} if each["field"] == "date" else each for each in columns]  # texts, all here
    return _table("case-sessions", columns, session_rows(sessions, findings), say("The sessions"))


def _session_columns() -> list[dict[str, Any]]:
    # Chinese dates are longer, and its headings shorter.
    date, duration, turns, scored = (140, 84, 78, 88) if spoken() == "zh" else (110, 104, 86, 96)
    return [
        {"field": "recording", "headerName": say("Recording"), "cellRenderer": "PageLink", "flex": 3, "minWidth": 140,
         "tooltipField": "recording"},
        {"field": "found", "headerName": say("Flags, shapes"), "cellRenderer": "Findings", "flex": 4, "minWidth": 196,
         "sortable": False, "filter": False, "tooltipField": "found"},
        {"field": "case", "headerName": say("Case"), "cellRenderer": "PageLink", "flex": 2, "minWidth": 120,
         "tooltipField": "case"},
        {"field": "date", "headerName": say("Date"), "cellDataType": "text", "filter": "agDateColumnFilter",
         "width": date},
        {"field": "duration", "headerName": say("Duration"), "valueFormatter": {"function": "clock(params.value)"},
         "width": duration, **_NUMBER},
        {"field": "speakers", "headerName": say("Speakers"), "flex": 4, "minWidth": 150, "tooltipField": "speakers"},
        {"field": "course", "headerName": say("Valence over time"), "cellRenderer": "Course", "width": 172,
         "sortable": False, "filter": False},
        {"field": "turns", "headerName": say("Turns"), "width": turns, **_NUMBER},
        {"field": "scored", "headerName": say("Scored"), "width": scored, **_NUMBER},
    ]  # fmt: skip


FindingsById = Mapping[str, Sequence["Finding"]]
"""What was found in sessions, by id; those that were not looked through are left out."""


def session_rows(sessions: Sequence[SessionSummary], findings: FindingsById) -> list[dict[str, Any]]:
    """The rows of both."""
    return [_session_row(each) | _found_in(each, findings.get(each.id)) for each in sessions]


def _found_in(session: SessionSummary, findings: Sequence[Finding] | None) -> dict[str, Any]:
    """The flags and shapes of a row, and in ``found`` the same as a sentence."""
    if findings is None:
        return {"found": say("not looked through yet"), "looked": False}
    names = {each.label: person(*each) for each in session.people()}
    flags = list(
        dict.fromkeys(say(flag_titles().get(each.name, each.name)) for each in findings if each.kind == "flag")
    )
    shapes = [(str(each.speaker), each.name) for each in findings if each.kind == "shape"]
    told = [*flags, *(say("{who}: {shape}", who=names.get(label, label), shape=say(word)) for label, word in shapes)]
    return {
        "found": "; ".join(told) if told else say("nothing found"),
        "looked": True,
        "flags": flags,
        "shapes": [{"label": label, "word": word, "said": say(word)} for label, word in shapes],
    }


def turns_table(session: Session, speaker_colours: Mapping[str, str], emotion_colours: Mapping[str, str]) -> html.Div:
    """A row a turn; its button plays it."""
    two = {"valueFormatter": {"function": "decimals(params.value)"}, "width": 112, **_NUMBER}
    columns = [
        {"field": "start", "headerName": say("Time"), "cellRenderer": "PlayButton", "width": 112, "pinned": "left",
         "filter": "agNumberColumnFilter"},
        {"field": "speaker", "headerName": say("Speaker"), "cellRenderer": "Dotted", "flex": 2, "minWidth": 140},
        {"field": "speaker_confidence", "headerName": say("Speaker sure"),
         "valueFormatter": {"function": "percent(params.value)"}, "width": 130, **_NUMBER},
        {"field": "emotion", "headerName": say("Sounds"), "cellRenderer": "Dotted", "flex": 2, "minWidth": 130},
        {"field": "confidence", "headerName": say("Confidence"), **two, "width": 125},
        {"field": "duration", "headerName": say("Seconds"), "valueFormatter": {"function": "decimals(params.value, 1)"},
         "width": 110, **_NUMBER},
        {"field": "valence", "headerName": say("Valence"), **two},
        {"field": "arousal", "headerName": say("Arousal"), **two},
        {"field": "overlap", "headerName": say("Overlap"), "valueFormatter": {"function": "percent(params.value)"},
         "width": 108, **_NUMBER},
        {"field": "reason", "headerName": say("Why no emotion"), "flex": 3, "minWidth": 190, "tooltipField": "reason"},
    ]  # fmt: skip
    if session.turns["text"].any():
        columns.append({"field": "text", "headerName": say("What is said"), "flex": 5, "minWidth": 260,
                        "tooltipField": "text"})  # fmt: skip
    names = {session.name_of(label): colour for label, colour in speaker_colours.items()}
    colours = {"speaker": names, "emotion": {say(label): colour for label, colour in emotion_colours.items()}}
    rows = [_light(row) for row in turn_rows(session)]
    return _table("turns-table", columns, rows, say("The turns"), selection=True, context={"colours": colours})


def _light(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table needs it: without what is empty, and no more digits than are shown."""
    kept = {key: value for key, value in row.items() if key not in ("end", "turn", "label")}
    if not kept["said"]:
        del kept["said"]
    if kept["emotion"]:
        kept["emotion"] = say(kept["emotion"])
    if kept["reason"]:
        kept["reason"] = translated(kept["reason"])
    return {
        key: round(value, 3) if isinstance(value, float) else value for key, value in kept.items() if value is not None
    }


def turn_rows(session: Session) -> list[dict[str, Any]]:
    """What pages know of each turn: its number, times, speaker and result; None where there is none."""
    names = {label: session.name_of(label) for label in session.speakers["label"]}
    columns = [
        "start", "end", "speaker", "speaker_confidence", "emotion", "confidence", "valence", "arousal", "overlap",
        "reason", "text",
    ]  # fmt: skip
    turns = session.turns[columns].astype(object).where(session.turns[columns].notna(), None)
    records: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in turns.to_dict("records")
    ]
    return [
        {
            **row,
            "key": str(turn),
            "turn": turn,
            "label": row["speaker"],
            "speaker": names[row["speaker"]],
            "duration": row["end"] - row["start"],
            "said": _machine_said(session, turn),
        }
        for turn, row in enumerate(records)
    ]


def _machine_said(session: Session, turn: int) -> dict[str, str]:
    """What the machine had said of a turn where a person corrected it, by column."""
    review = session.reviews.get(turn)
    if review is None:
        return {}
    machine = {"speaker": review.speaker, "emotion": review.emotion}
    shown = {
        "speaker": session.name_of(review.speaker),
        "emotion": say(review.emotion) if review.emotion else say("nothing"),
    }
    changed = [each for each in machine if each in review.fields and machine[each] != session.turns.at[turn, each]]
    return {each: say("A person said so; the machine said {what}.", what=shown[each]) for each in changed}


def _session_row(session: SessionSummary) -> dict[str, Any]:
    links = {"recording": session_address(session.id)} | ({"case": case_address(session.case)} if session.case else {})
    people = [(each.label, each.participant) for each in session.speakers]
    return {
        "key": session.id,
        "changed": session.changed.isoformat(),
        "colours": {label: theme_now().line(colour) for label, colour in people_colours(people).items()},
        "recording": PurePath(session.path).name,
        "case": session.case,
        "date": day(session.date),
        "duration": session.duration,
        "speakers": ", ".join(person(*each) for each in session.people()) or say("nobody speaks"),
        "turns": session.num_turns,
        "scored": session.num_scored,
        "links": links,
    }


def review_table(sessions: Sequence[SessionSummary], counts: Mapping[str, ReviewCount]) -> html.Div:
    """A row a session, with how much of it there is to look at; linked to its review."""
    columns = [
        {"field": "recording", "headerName": say("Recording"), "cellRenderer": "PageLink", "flex": 3, "minWidth": 170},
        {"field": "case", "headerName": say("Case"), "cellRenderer": "PageLink", "flex": 2, "minWidth": 150},
        {"field": "date", "headerName": say("Date"), "cellDataType": "text", "width": 120},
        {"field": "turns", "headerName": say("Turns"), "width": 95, **_NUMBER},
        {"field": "unsure", "headerName": say("Unsure, not reviewed"), "width": 190, "sort": "desc", **_NUMBER},
        {"field": "reviewed", "headerName": say("Reviewed"), "width": 120, **_NUMBER},
    ]  # fmt: skip
    rows = [_review_row(each, counts.get(each.id, ReviewCount(0, 0))) for each in sessions]
    return _table("review-table", columns, rows, say("The sessions to review"))


def _review_row(session: SessionSummary, counted: ReviewCount) -> dict[str, Any]:
    row = _session_row(session)
    links = row["links"] | {"recording": review_address(session.id)}
    return row | {"links": links, "unsure": counted.unsure, "reviewed": counted.reviewed}


def _table(
    name: str,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    label: str,
    selection: bool = False,
    context: dict[str, Any] | None = None,
) -> html.Div:
    short = _HEAD + _ROW * len(rows) + 18 <= _LONGEST
    options = _options() | {"domLayout": "autoHeight" if short else "normal", "context": context or {}}
    if selection:
        options["rowSelection"] = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": False}
    grid = dag.AgGrid(
        id=name,
        columnDefs=columns,
        rowData=rows,
        getRowId="params.data.key",
        defaultColDef={"sortable": True, "filter": True, "resizable": True, "suppressHeaderMenuButton": False},
        dashGridOptions=options,
        style={"height": None if short else f"{_LONGEST}px", "width": "100%"},
    )
    return html.Div(grid, className="table", role="region", **aria(label))


def _options() -> dict[str, Any]:
    return {
        "theme": _THEME,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "suppressDragLeaveHidesColumns": True,
        "tooltipShowDelay": 300,
        "animateRows": False,
    }
