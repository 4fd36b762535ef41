"""What lists are chosen by is what the session's page says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from diarization.errors import ConfigError
from pipeline.findings import Finding
from pipeline.sessions import Session
from reports import findings
from reports.findings import SessionFinder, check_finding_names, flag_titles
from reports.flags import find_flags, load_flags, rules_for
from reports.measures import measure_session
from reports.measures.shapes import SHAPES
from tests.sessions import make_session


def rising(num_turns: int = 80) -> Session:
    """A session in which the first speaker sounds better and better, and talks most of the time."""
    session = make_session(num_turns, roles=("counsellor", "client"))
    own = session.turns["speaker"] == "SPEAKER_00"
    noise = np.random.default_rng(1).normal(scale=0.05, size=num_turns)
    session.turns.loc[own, "valence"] = (np.linspace(-0.8, 0.8, num_turns) + noise)[own.to_numpy()]
    theirs = session.segments["speaker"] != "SPEAKER_00"
    session.segments.loc[theirs, "end"] = session.segments.loc[theirs, "start"] + 0.6
    return session


def test_flags_and_shapes_are_those_of_the_page() -> None:
    session = rising()
    found = SessionFinder()(session)
    flags = find_flags(session, rules_for(session)).flags
    assert [each.name for each in found if each.kind == "flag"] == [flag.rule.name for flag in flags]
    assert Finding("flag", "counsellor-talks-most", "SPEAKER_00", None, False) in found
    assert Finding("shape", "improving", "SPEAKER_00") in found
    shapes = measure_session(session, ["call_shape"]).dropna(subset=["value"])
    assert [each.name for each in found if each.kind == "shape"] == shapes["key"].tolist()
    assert set(shapes["key"]) <= set(SHAPES)


def test_too_little_for_a_shape_and_nobody_for_a_rule_is_nothing_found() -> None:
    assert SessionFinder()(make_session(4, roles=(None, None))) == []


def test_the_revision_is_of_rules_and_program(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SessionFinder().revision
    assert len(known) == 16
    assert findings._revision.__wrapped__() == known
    monkeypatch.setattr(findings, "_MADE_BY", findings._MADE_BY[:-1])
    assert findings._revision.__wrapped__() != known


_NOTHING_FOUND = {"language", "wording", "comparisons", "similarity"}  # words, and what is of cases alone


def test_whatever_takes_part_in_finding_is_in_the_revision() -> None:
    """A change of any of it makes what was found stale."""
    program = (
        "import sys; from reports.findings import SessionFinder; from tests.sessions import make_session;"
        "SessionFinder()(make_session(80, roles=('counsellor', 'client')));"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('reports.')})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    listed = {name.removesuffix(".py") for name in findings._MADE_BY}
    assert set(done.stdout.split()) - listed - _NOTHING_FOUND == set()


def test_every_rule_that_auto_may_choose_has_one_title() -> None:
    rules = [*load_flags("counselling"), *load_flags("call-centre")]
    assert flag_titles() == {rule.name: rule.title for rule in rules}
    assert len(flag_titles()) == len(rules)


@pytest.mark.parametrize(
    ("flag", "shape", "message"),
    [
        ("silense", None, "no flag is called 'silense', did you mean 'silence'?"),
        (None, "up", "no shape is called 'up'; known are improving, worsening, recovered, flat"),
    ],
)
def test_names_that_are_none_are_refused(flag: str | None, shape: str | None, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_finding_names(flag, shape)
    assert str(raised.value) == message


def test_names_that_there_are_pass() -> None:
    check_finding_names("any", "flat")
    check_finding_names("customer-angry", None)
