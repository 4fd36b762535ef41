"""The frame around every page."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from reports.language import say, spoken

from .cards import aria

# A turn's bars in two voices; inline, so that browsers ask for no file.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%23175c66'/%3E"
    "%3Cg stroke='white' stroke-width='3.2' stroke-linecap='round'%3E"
    "%3Cpath d='M8 13v6M13 9v14'/%3E%3Cpath d='M19 12v8M24 14v4' stroke='%23f2b263'/%3E%3C/g%3E%3C/svg%3E"
)

INDEX = f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{%title%}}</title>
    <link rel="icon" href="{_ICON}">
    <link rel="preload" as="fetch" crossorigin="anonymous" href="/_dash-layout">
    <link rel="preload" as="fetch" crossorigin="anonymous" href="/_dash-dependencies">
    {{%css%}}
    <script src="/assets/first.js" data-plotly="{{plotly}}"></script>
  </head>
  <body>
    {{%app_entry%}}
    <noscript>Turntone's pages need JavaScript.</noscript>
    {{%config%}}{{%scripts%}}{{%renderer%}}
  </body>
</html>
"""

FONT = (
    '-apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", "Liberation Sans", Arial, "PingFang SC", '
    '"Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif'
)
"""Of pages and of their figures: what the reader's system has."""

PLACES = (
    ("Sessions", "/"),
    ("Compare", "/compare"),
    ("Review", "/review"),
    ("Participants", "/participants"),
    ("Jobs", "/jobs"),
    ("Models", "/models"),
)
"""The pages that the header leads to, with their addresses."""

_THEME: dict[str, Any] = {
    "fontFamily": FONT,
    "primaryColor": "petrol",
    "primaryShade": 7,
    "defaultRadius": "md",
    "colors": {
        "petrol": [
            "#eef6f7", "#dcebed", "#b5d6da", "#8ac0c7", "#67adb6", "#4d9faa",
            "#33848f", "#175c66", "#124b54", "#0c3a41",
        ],
    },
    "headings": {"fontFamily": FONT, "fontWeight": "650"},
}  # fmt: skip


def shell() -> dmc.MantineProvider:
    """The header, and the place where pages appear, in the language spoken."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="address", refresh="callback-nav"),
            dcc.Store(id="title"),
            dcc.Store(id="scheme-now"),
            html.A(say("Skip to the content"), href="#page", className="skip"),
            html.Header(html.Div([_brand(), _places(), _language(), _scheme()], className="bar"), className="top"),
            html.Main(_waiting(), id="page", tabIndex="-1"),
            html.Footer(
                say(
                    "Turntone runs on this installation's own machines; recordings and results stay there. It "
                    "describes how speech sounds, not what people feel."
                ),
                className="foot",
            ),
        ],
        theme=_THEME,
        defaultColorScheme="auto",
    )


def _brand() -> dcc.Link:
    mark = html.Img(src=_ICON, alt="", width="28", height="28")
    return dcc.Link([mark, html.Span("Turntone", className="brand-name")], href="/", className="brand")


def _places() -> html.Nav:
    links = [dcc.Link(say(name), href=address, className="place", id=f"to-{name.lower()}") for name, address in PLACES]
    return html.Nav(links, **aria(say("Pages")))


def _scheme() -> html.Button:
    """Changes between light and dark colours (``assets/base.js``)."""
    moon = "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5Z"
    return html.Button(
        html.Span(className="moon", style={"clipPath": f'path("{moon}")'}),
        id="scheme",
        type="button",
        className="icon-button",
        **aria(say("Dark colours")),
    )


def _language() -> html.Button:
    """Changes between the languages (``assets/base.js``); each is called by its own name."""
    other, name = ("en", "English") if spoken() == "zh" else ("zh", "中文")
    known: dict[str, Any] = {"data-language": other}
    return html.Button(name, id="language", type="button", className="quiet", lang=other, **known)


def _waiting() -> html.Div:
    return html.Div([dmc.Skeleton(height=34, width=260), dmc.Skeleton(height=260, mt=24)], className="waiting")
