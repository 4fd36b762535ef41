"""Files of rules, and what is said of those that cannot be meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diarization.errors import ConfigError
from reports.flags import flag_preset_names, load_flags, rules_for
from reports.flags.rules import Rule
from tests.sessions import make_session

PAGE = (Path(__file__).parents[3] / "docs" / "flags.md").read_text(encoding="utf-8")


def loaded(tmp_path: Path, *fields: str) -> tuple[Rule, ...]:
    file = tmp_path / "my.yaml"
    file.write_text("flags:\n  - " + "\n    ".join(("name: a", "title: A", *fields)), encoding="utf-8")
    return load_flags(file)


def test_a_file_of_rules_is_read(tmp_path: Path) -> None:
    (rule,) = loaded(tmp_path, "turns: angry", "of: customer", "above: 0.6", "for: 20")
    assert (rule.turns, rule.of, rule.above, rule.seconds, rule.part) == ("angry", "customer", 0.6, 20, "session")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (["measure: talk_share"], r"flag 'a': give one of 'above', 'below', 'rises_by' and 'falls_by'$"),
        (["measure: talk_share", "above: 1", "below: 2"], "'falls_by', not 2"),
        (["above: 1"], "flag 'a': give either 'measure' or 'turns'"),
        (["measure: talk_share", "turns: angry", "above: 1"], "give either 'measure' or 'turns'"),
        (["measure: talk_shar", "above: 1"], "flag 'a': measure 'talk_shar': .* did you mean 'talk_share'"),
        (["measure: case_affect", "above: 1"], "'case_affect' is of a case"),
        (["measure: talk_share", "above: 1", "for: 2"], "'for' are of turns"),
        (["turns: angry", "rise_by: 1"], r"flag 'a': rise_by: unknown field, did you mean 'rises_by'\?"),
        (["turns: angry", "rises_by: 0.1"], "give a later 'part'"),
        (["turns: angry", "rises_by: 0.1", "part: last quarter", "for: 3"], "'for' goes with"),
        (["turns: angry", "above: high"], "above: 'high' is not accepted; input should be a valid number"),
        (["turns: angry", "above: true"], "above: True is not accepted"),
        (["turns: angry", "above: .nan"], "above: nan is not accepted"),
        (["turns: angry", "above: 0.1", "part: end"], "part: 'end' is not accepted"),
        (["turns: angry", "above: 0.1", "towards: agent"], "'towards' are of a measure"),
        (["turns: angry", "above: 0.1", "p_below: 0.01"], "'p_below' is of measures"),
        (["turns: angry", "above: 0.1", "for: -1"], "for: -1 is not accepted"),
    ],
)
def test_what_a_rule_cannot_mean_is_said_with_file_and_rule(tmp_path: Path, fields: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        loaded(tmp_path, *fields)
    assert str(caught.value).startswith(f"{tmp_path / 'my.yaml'}: flag 'a': ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rules stand in a list under the key 'flags'"),
        ("flags: {}", "rules stand in a list"),
        ("- a", "my.yaml: holds"),
        ("flags: [3]", "flag 1: 3 is no rule"),
        ("flags:\n - title: A", "flag 1: 'name' is missing"),
        ("flags: [", "my.yaml: line 1: not YAML"),
        ("flags:\n" + 2 * " - {name: a, title: A, turns: sad, above: 1}\n", "flag 'a': there are two of that name"),
    ],
)
def test_a_file_that_is_none_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_flags(tmp_path / "my.yaml")


def test_a_misspelt_preset_is_named_with_what_was_meant() -> None:
    with pytest.raises(ConfigError, match="counseling: no such file of flags; did you mean 'counselling'"):
        load_flags("counseling")


@pytest.mark.parametrize("name", flag_preset_names())
def test_a_preset_loads_and_says_what_each_rule_is_for(name: str) -> None:
    rules = load_flags(name)
    assert len(rules) >= 5 and all(rule.about.endswith(".") for rule in rules)


def test_the_call_centre_looks_at_the_emotions_of_customers_alone() -> None:
    assert {rule.of for rule in load_flags("call-centre") if rule.turns} == {"customer"}


def test_rules_go_by_the_roles_of_the_speakers() -> None:
    assert rules_for(make_session()) == load_flags("counselling")
    assert rules_for(make_session(roles=("customer", "agent"))) == load_flags("call-centre")
    assert rules_for(make_session(roles=(None, None))) == ()
    assert rules_for(make_session(), "none") == ()


def test_every_field_is_documented() -> None:
    rows = "".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))
    names = {field.alias or name for name, field in Rule.model_fields.items()}
    assert names - set(re.findall(r"`(\w+)`", rows)) == set()


def test_the_example_of_the_documentation_loads(tmp_path: Path) -> None:
    block = PAGE[PAGE.index("    # Calls to listen") : PAGE.index("| field |")]
    (tmp_path / "my.yaml").write_text("\n".join(line[4:] for line in block.splitlines()), encoding="utf-8")
    assert [rule.name for rule in load_flags(tmp_path / "my.yaml")] == [
        "customer-angry", "counsellor-talks-most", "escalation",
    ]  # fmt: skip
