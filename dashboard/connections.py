"""Which inputs of the pages change what: in the browser where that is enough (``assets``), else here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from dash import ALL, MATCH, ClientsideFunction, Input, Output, State, ctx, no_update

from reports.themes import ThemeName, drawing_in

from .layout.later import page_key, place, wanted
from .pages import page_at, part_at
from .pages.compare import found_sessions
from .pages.groups import own_columns, own_groups
from .pages.home import CHOICES, cases_part, not_looked_through, table_rows
from .sessions import Library

SCHEME = "turntone-scheme"
"""The cookie in which a browser says whether its colours are ``light`` or ``dark`` (``assets/base.js``)."""

T = TypeVar("T")


def connect_pages(dash: Any, library: Library) -> None:
    """An address shows its page, drawn in the browser's colours; anew where those are changed."""

    async def show(path: str | None, search: str | None, _scheme: str | None) -> tuple[object, str]:
        page = await _in_colours(lambda: page_at(library, path or "/", search or ""))
        return page.content, page.title

    async def complete(time: object, known: dict[str, str], path: str, search: str | None) -> object:
        if time is None or known["of"] != page_key(path, search or ""):
            return no_update
        return await _in_colours(lambda: part_at(library, path, search or "", known["part"]))

    address = Input("address", "pathname"), Input("address", "search")
    outputs = Output("page", "children"), Output("title", "data")
    dash.callback(*outputs, *address, Input("scheme-now", "data"))(show)
    dash.callback(
        Output(place(MATCH, MATCH), "children"),
        Input(wanted(MATCH, MATCH), "data"),
        State(wanted(MATCH, MATCH), "id"),
        State("address", "pathname"),
        State("address", "search"),
        prevent_initial_call=True,
    )(complete)


async def _in_colours(draw: Callable[[], T]) -> T:
    """What is drawn, for a screen by day or by night, beside the server's own work."""
    theme: ThemeName = "dark" if ctx.cookies.get(SCHEME) == "dark" else "light"

    def drawn() -> T:
        with drawing_in(theme):
            return draw()

    return await asyncio.to_thread(drawn)


def connect_browser(dash: Any) -> None:
    """Titles, the place in the header, search and filters, and turns that play."""
    on_browser = dash.clientside_callback
    on_browser(_function("show_title"), Output("title", "modified_timestamp"), Input("title", "data"))
    for figure in ("session-map", "trajectories", "frames"):
        on_browser(_function("play_clicked"), Output(figure, "clickData"), Input(figure, "clickData"))
    played = {"type": "played", "part": MATCH}
    on_browser(_function("play_clicked"), Output(played, "clickData"), Input(played, "clickData"))
    on_browser(_function("know_titles"), Output("titles", "modified_timestamp"), Input("titles", "data"))
    on_browser(
        _function("ask_for"),
        Output("address", "search"),
        Input({"type": "asked", "name": ALL}, "value"),
        State({"type": "asked", "name": ALL}, "id"),
        State("address", "search"),
        prevent_initial_call=True,
    )
    on_browser(_function("know_turns"), Output("turns", "modified_timestamp"), Input("turns", "data"))
    on_browser(
        _function("filter"),
        Output("sessions-table", "filterModel"),
        *(Input(each, "value") for each in ("search", *(f"filter-{what}" for what in CHOICES))),
        State("sessions-table", "filterModel"),
        prevent_initial_call=True,
    )
    for stale in ("sessions-stale", "looked-through"):
        on_browser(_function("look_again"), Output(stale, "modified_timestamp"), Input(stale, "data"),
                   prevent_initial_call=True)  # fmt: skip


def connect_home(dash: Any, library: Library) -> None:
    """The table of the first page gets its rows; its lists follow what is analysed while it is open."""

    async def rows(request: dict[str, Any] | None) -> Any:
        if request is None:
            return no_update
        return await _in_colours(lambda: table_rows(library, request))

    async def renew(_time: object, path: str) -> Any:
        return await _in_colours(lambda: cases_part(library)) if path == "/" else no_update

    async def looked(_times: object, _time: object, before: int | None) -> tuple[Any, ...]:
        missing = await asyncio.to_thread(library.not_looked_through)
        return not_looked_through(missing), not missing, no_update if missing == before else missing

    dash.callback(
        Output("not-looked", "children"),
        Output("look-again", "disabled"),
        Output("looked-through", "data"),
        Input("look-again", "n_intervals"),
        Input("sessions-stale", "data"),
        State("looked-through", "data"),
        prevent_initial_call=True,
    )(looked)
    dash.callback(
        Output("sessions-table", "getRowsResponse"),
        Input("sessions-table", "getRowsRequest"),
        prevent_initial_call=True,
    )(rows)
    dash.callback(
        Output("cases", "children"),
        Input("sessions-stale", "data"),
        State("address", "pathname"),
        prevent_initial_call=True,
    )(renew)


def connect_choices(dash: Any, library: Library) -> None:
    """On the page Compare, typing finds sessions of which there are too many to choose from."""

    async def find(typed: str | None, place: dict[str, str], chosen: str | None) -> Any:
        if not typed or place["name"] not in ("a", "b"):
            return no_update
        found = await _in_colours(lambda: found_sessions(library, typed, chosen))
        return no_update if found is None else found

    which = {"type": "asked", "name": MATCH}
    dash.callback(
        Output(which, "data"),
        Input(which, "searchValue"),
        State(which, "id"),
        State(which, "value"),
        prevent_initial_call=True,
    )(find)


def connect_groups(dash: Any, library: Library) -> None:
    """On the page Compare, a table of one's own says what groups there are."""

    async def columns(content: str | None, name: str | None) -> tuple[Any, ...]:
        if name is None:
            return (no_update,) * 4
        names, said = await asyncio.to_thread(own_columns, name, content)
        return names, next(iter(names), None), not names, said

    async def compared(by: str | None, content: str | None, name: str | None, search: str | None) -> Any:
        if not (by and content and name):
            return None
        return await _in_colours(lambda: own_groups(library, search or "", name, content, by))

    dash.callback(
        *(Output("own-by", what) for what in ("data", "value", "disabled")),
        Output("own-said", "children"),
        Input("own-file", "contents"),
        State("own-file", "filename"),
        prevent_initial_call=True,
    )(columns)
    dash.callback(
        Output("own-result", "children"),
        Input("own-by", "value"),
        Input("own-file", "contents"),
        State("own-file", "filename"),
        State("address", "search"),
        prevent_initial_call=True,
    )(compared)


def _function(name: str) -> ClientsideFunction:
    return ClientsideFunction(namespace="turntone", function_name=name)
