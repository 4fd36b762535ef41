"""Tables of measures, each row with what to mind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dash import html

from reports.language import say

from .cards import aria, card, columns

if TYPE_CHECKING:
    from reports.measure_tables import MeasureTable


def measure_cards(tables: Sequence[MeasureTable]) -> list[html.Div]:
    """A card a table, two beside each other where there is room."""
    cards = [card(table.heading, measure_table(table), about=table.about) for table in tables]
    return [columns(*cards[at : at + 2]) for at in range(0, len(cards), 2)]


def measure_table(table: MeasureTable) -> html.Div:
    """The rows of a table; what to mind stands below the measure's title."""
    rows = [
        [html.Div([html.Span(title), html.Div(caution, className="mind") if caution else None]), *cells]
        for title, cells, caution in table.rows
    ]
    return plain_table([say("Measure"), *table.columns], rows, table.heading, "measures")


def plain_table(heads: Sequence[Any], rows: Iterable[Sequence[Any]], label: str, name: str = "") -> html.Div:
    """A table as it stands, which scrolls sideways where there is no room; the first cell of a row is its heading."""
    column: dict[str, Any] = {"scope": "col"}
    row: dict[str, Any] = {"scope": "row"}
    body = [html.Tr([html.Th(first, **row), *(html.Td(cell) for cell in rest)]) for first, *rest in rows]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(head, **column) for head in heads])), html.Tbody(body)],
        className=f"plain-table {name}".strip(),
    )
    return html.Div(table, className="scroll", role="region", tabIndex=0, **aria(label))
