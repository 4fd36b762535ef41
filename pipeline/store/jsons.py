"""JSON as the tables keep it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, Text, case, cast, func, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_HALVES = r"(?<!\\)((?:\\\\)*)\\u(?:d[89a-f][0-9a-f]{2}|0000)"
"""Escapes of half characters, and of the one of number 0, in JSON's text."""


def as_json(value: Any) -> str:
    """JSON as it is stored and logged: readable wherever it can be written as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 stands as half characters in a str: as escapes it comes back as it was.
    return text if _is_text(text) else json.dumps(value, allow_nan=False)


def _is_text(text: str) -> bool:
    """Whether a str can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class said_in(FunctionElement[str]):
    """What a JSON column has under a name, as text.

    A server refuses to look into JSON that holds half characters anywhere, as file names that are not UTF-8 have: it is
    shown question marks in their place.

    Parameters
    ----------
    column : Column
    name : str
        Of the object's own.
    """

    inherit_cache = False
    type = String()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column)
        self.said = name


@compiles(said_in)
def _said_in(element: said_in, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    return compiler.process(column[element.said].as_string(), **options)


@compiles(said_in, "postgresql")
def _said_in_on_a_server(element: said_in, compiler: SQLCompiler, **options: Any) -> str:
    (column,) = element.clauses
    written = cast(column, Text)
    shown = cast(func.regexp_replace(written, _HALVES, r"\1?", "gi"), JSON)
    whole = case((func.strpos(written, "\\u") > 0, shown), else_=cast(column, JSON))  # few have any
    return compiler.process(type_coerce(whole, JSON)[element.said].as_string(), **options)
