"""The published JSON Schema is what sessions are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.command_line import CommandLine
from tests.fakes import write_silence, write_tone
from tests.sessions import make_session

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "docs/schemas/session.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FAKE = ("--set", "diarization.backend=fake", "--set", "emotion.backend=fake")


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_what_analyze_prints_is_valid(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    tone, silence = write_tone(tmp_path / "a.wav"), write_silence(tmp_path / "b.wav")
    shown = command_line("analyze", tone, silence, "--case", "A", "--format", "json", *FAKE)
    assert [len(each["turns"]) for each in shown.json] == [5, 0]
    VALIDATOR.validate(shown.json)


def test_every_field_is_in_the_schema() -> None:
    found = json.loads(json.dumps(make_session().to_json()))
    session, turn = SCHEMA["$defs"]["session"]["properties"], SCHEMA["$defs"]["turn"]["properties"]
    places: list[tuple[Any, Any]] = [(found, session), (found["turns"][0], turn)]
    places += [(found[key], session[key]["properties"]) for key in ("session", "recording")]
    places += [(found[key][0], session[key]["items"]["properties"]) for key in ("speakers", "segments")]
    missing = [key for own, known in places for key in own if key not in known]
    assert missing == [], "describe them in docs/schemas/session.schema.json"


@pytest.mark.parametrize(
    ("where", "value"),
    [("confidence", 1.5), ("emotion", 3), ("start", -1), ("scored", "yes"), ("scores", {"happy": 2}), ("reason", "x")],
)
def test_what_breaks_the_schema_is_found(where: str, value: object) -> None:
    session = make_session().to_json()
    session["turns"][0][where] = value
    assert not VALIDATOR.is_valid([session])
