"""What a browser would send to Dash's callbacks, made from what the pages themselves say of them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.testclient import TestClient

from dashboard.layout.later import page_key

UPDATE = "/_dash-update-component"

_TABLE = b64encode(b"participant,therapy\nAnna,yes\nBen,no\n").decode()
_GIVEN: dict[str, Any] = {
    "getRowsRequest": {"startRow": 0, "endRow": 100, "filterModel": {}, "sortModel": []},
    "searchValue": "Demo",
    "contents": f"data:text/csv;base64,{_TABLE}",
    "filename": "people.csv",
    "value": "therapy",
}
"""What somebody might have chosen, by property."""


def page_body(client: TestClient, path: str) -> dict[str, Any]:
    """What asks for the page of an address."""
    return next(body for output, body in _bodies(client, path, ()) if "page.children" in output)


def all_bodies(client: TestClient, path: str, parts: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """What asks every callback of the server's at the page of an address, for each part that it brings later."""
    return list(_bodies(client, path, parts))


def parts_of(page: str) -> list[str]:
    """The names of the parts that a page brings later."""
    return sorted(set(re.findall(r'"part":\s*"([^"]+)"', page)))


def _bodies(client: TestClient, path: str, parts: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in client.get("/_dash-dependencies").json():
        if not each.get("clientside_function"):
            for part in parts if "MATCH" in each["output"] else [""]:
                yield each["output"], _body(each, path, part)


def _body(callback: dict[str, Any], path: str, part: str) -> dict[str, Any]:
    output = callback["output"]
    several = output.startswith("..")
    names = output.strip(".").split("...") if several else [output]
    outputs = [{"id": _id(name.rpartition(".")[0], path, part), "property": name.rpartition(".")[2]} for name in names]
    inputs = [_filled(each, path, part) for each in callback["inputs"]]
    return {
        "output": output if several else f"{_written(outputs[0]['id'])}.{outputs[0]['property']}",
        "outputs": outputs if several else outputs[0],
        "inputs": inputs,
        "state": [_filled(each, path, part) for each in callback["state"]],
        "changedPropIds": [f"{_written(inputs[0]['id'])}.{inputs[0]['property']}"],
    }


def _filled(dependency: dict[str, str], path: str, part: str) -> dict[str, Any]:
    known, own = dependency["property"], _id(dependency["id"], path, part)
    values = {"pathname": path, "search": "", "id": own} | _GIVEN
    wanted = 1 if isinstance(own, dict) or "stale" in dependency["id"] else None
    return {"id": own, "property": known, "value": values.get(known, wanted)}


def _id(text: str, path: str, part: str) -> Any:
    if not text.startswith("{"):
        return text
    found: dict[str, Any] = json.loads(text)
    matched = {"part": part, "of": page_key(path, ""), "name": "a"}
    return {key: matched[key] if value == ["MATCH"] else value for key, value in found.items()}


def _written(own: Any) -> str:
    return own if isinstance(own, str) else json.dumps(own, sort_keys=True, separators=(",", ":"))
