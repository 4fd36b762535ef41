"""What was found in sessions is kept, and gone in the same transaction as soon as what it is made of changes."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from diarization.errors import StoreAway, WorkspaceError
from pipeline import findings
from pipeline.access.visitors import Visitor, visiting
from pipeline.archives import archive_case, restore_case
from pipeline.copying import copy_workspace
from pipeline.corrections import Corrections
from pipeline.findings import Finding, FindingsOfSessions, Looking, findings_json
from pipeline.jobs.worker import Worker
from pipeline.participants import Participants
from pipeline.sessions import Session
from pipeline.store import findings as store
from pipeline.store.listing import ANY_FLAG, Wanted
from pipeline.store.models import FINDINGS, LOOKS, SPEAKERS
from pipeline.workspace import Workspace
from tests.sessions import make_session

ONE, OTHER = "0" * 12, f"{1:012x}"


@dataclass
class Fixed:
    """Finds the same in every session: a flag of talk, one of emotion of the first speaker, and that one's shape."""

    revision: str = "one"
    meanwhile: Callable[[], object] = lambda: None
    looked: list[str] = field(default_factory=list)

    def __call__(self, session: Session) -> Sequence[Finding]:
        self.looked.append(session.id)
        self.meanwhile()
        first = str(session.speakers["label"].iloc[0])
        return [
            Finding("flag", "silence", emotional=False),
            Finding("flag", "angry", first),
            Finding("shape", "flat", first),
        ]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    own = Workspace(tmp_path / "own")
    for seed in (0, 1):
        own.save(make_session(6, seed=seed))
    return own


def looked(workspace: Workspace, revision: str = "one") -> FindingsOfSessions:
    """Its findings, once it was looked through."""
    while Looking(workspace, Fixed(revision)).go_on():
        pass
    return FindingsOfSessions(workspace, revision)


def names(of: FindingsOfSessions, session_id: str) -> list[str] | None:
    known = of.of([session_id]).get(session_id)
    return None if known is None else [each.name for each in known]


def stored(workspace: Workspace, session_id: str) -> int:
    """Rows of a session that are in the database, whether they hold or not."""
    with workspace.reading() as connection:
        assert connection is not None
        rows = [
            row
            for table in (LOOKS, FINDINGS)
            for row in connection.execute(select(table).where(table.c.session_id == session_id))
        ]
    return len(rows)


def test_sessions_are_chosen_by_what_was_found(workspace: Workspace) -> None:
    found = FindingsOfSessions(workspace, "one")
    assert (found.missing(), found.waiting(), names(found, ONE)) == (2, True, None)
    assert workspace.listed(Wanted(flag="silence", revision="one")) == []
    looked(workspace)
    assert (found.missing(), found.waiting()) == (0, False)
    assert names(found, ONE) == ["silence", "angry", "flat"]
    for wanted in ({"flag": "angry"}, {"flag": ANY_FLAG}, {"shape": "flat"}, {"flag": "silence", "shape": "flat"}):
        assert sorted(workspace.listed(Wanted(**wanted, revision="one"))) == [ONE, OTHER]  # type: ignore[arg-type]
    for wanted in ({"flag": "flat"}, {"shape": "improving"}, {"shape": "any"}):
        assert workspace.listed(Wanted(**wanted, revision="one")) == []  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[Workspace], object]] = {
    "a correction": lambda own: Corrections(own).answer(ONE, [0], emotion="angry"),
    "a split turn": lambda own: Corrections(own).split(ONE, 0, 1.0),
    "another role": lambda own: own.assign(ONE, {"SPEAKER_00": ("Anna", "customer")}),
    "nobody known": lambda own: own.assign(ONE, {"SPEAKER_00": (None, None)}),
    "a mask": lambda own: own.mask(["client"], session=ONE),
    "another name": lambda own: Participants(own).rename("Anna", "Zoe", "Demo"),
    "forgotten": lambda own: Participants(own).forget("Ben", "Demo"),
    "analysed again": lambda own: own.save(make_session(7, seed=0)),
}
"""What changes the first session."""


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_a_session_takes_its_findings_away_at_once(workspace: Workspace, change: str) -> None:
    found = looked(workspace)
    CHANGES[change](workspace)
    assert names(found, ONE) is None
    assert stored(workspace, ONE) == 0
    assert found.missing() >= 1
    assert ONE not in workspace.listed(Wanted(flag=ANY_FLAG, revision="one"))


def test_undo_and_redo_do_as_well(workspace: Workspace) -> None:
    Corrections(workspace).answer(ONE, [0], emotion="angry")
    for step in (Corrections(workspace).undo, Corrections(workspace).redo):
        found = looked(workspace)
        step(ONE)
        assert (names(found, ONE), names(found, OTHER)) == (None, ["silence", "angry", "flat"])


def test_a_deleted_session_leaves_nothing(workspace: Workspace) -> None:
    looked(workspace)
    workspace.delete(ONE)
    assert stored(workspace, ONE) == 0
    assert workspace.listed(Wanted(flag=ANY_FLAG, revision="one")) == [OTHER]


def test_a_role_said_in_one_session_counts_where_the_voice_alone_says_who_it_is(workspace: Workspace) -> None:
    with workspace.writing() as connection:  # as where the voice says that it is Anna, and nobody gave her role
        own = (SPEAKERS.c.session_id == OTHER) & (SPEAKERS.c.label == "SPEAKER_00")
        connection.execute(update(SPEAKERS).where(own).values(confirmed=False, role=None))
    assert workspace.session(OTHER).speakers["role"].iloc[0] == "client"
    found = looked(workspace)
    with workspace.writing() as connection:
        own = (SPEAKERS.c.session_id == ONE) & (SPEAKERS.c.label == "SPEAKER_00")
        connection.execute(update(SPEAKERS).where(own).values(role="customer"))
    assert workspace.session(OTHER).speakers["role"].iloc[0] == "customer"
    assert names(found, OTHER) is None


def test_nothing_that_stands_on_a_masked_emotion_is_kept_whoever_found_it(workspace: Workspace) -> None:
    workspace.mask(["client"], case="Demo")
    assert names(looked(workspace), ONE) == ["silence"]
    workspace.unmask(["client"], case="Demo")
    workspace.mask(["agent"], case="Demo")  # the client is not masked now; a speaker without a role would be
    assert names(looked(workspace), ONE) == ["silence", "angry", "flat"]
    workspace.assign(ONE, {"SPEAKER_00": (None, None)})
    assert names(looked(workspace), ONE) == ["silence"]


def test_a_mask_set_while_a_session_is_looked_through_keeps_its_findings_out(workspace: Workspace) -> None:
    finder = Fixed(meanwhile=lambda: workspace.mask(["client"], case="Demo"))
    assert Looking(workspace, finder).go_on() == 0
    assert (stored(workspace, ONE), stored(workspace, OTHER)) == (0, 0)


def test_other_rules_make_findings_stale(workspace: Workspace) -> None:
    looked(workspace)
    newer = FindingsOfSessions(workspace, "two")
    assert (newer.missing(), newer.waiting(), newer.of([ONE])) == (2, True, {})
    assert workspace.listed(Wanted(flag="angry", revision="two")) == []
    assert names(looked(workspace, "two"), ONE) == ["silence", "angry", "flat"]
    assert FindingsOfSessions(workspace, "one").missing() == 2


def test_a_damaged_session_is_said_to_be_missing_and_tried_again_later(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in (workspace.path / "artifacts").rglob("*.npz"):
        file.unlink()
    finder = Fixed()
    assert Looking(workspace, finder).go_on() == 2
    assert Looking(workspace, finder).go_on() == 0
    found = FindingsOfSessions(workspace, "one")
    assert (found.missing(), found.waiting(), found.of([ONE])) == (2, False, {})
    monkeypatch.setattr(store, "TRIED_AGAIN", datetime.timedelta(seconds=-1))
    assert (found.missing(), found.waiting(), Looking(workspace, finder).go_on()) == (2, True, 2)


def test_a_store_that_is_away_is_no_damage(workspace: Workspace) -> None:
    def away() -> None:
        raise StoreAway("the store does not answer")

    with pytest.raises(WorkspaceError, match="does not answer"):
        Looking(workspace, Fixed(meanwhile=away)).go_on()
    assert stored(workspace, ONE) + stored(workspace, OTHER) == 0


def test_those_that_changed_last_come_first_and_an_end_is_an_end(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Corrections(workspace).answer(ONE, [0], emotion="angry")
    assert Looking(workspace, Fixed()).go_on(seconds=-1.0) == 0
    assert Looking(workspace, Fixed()).go_on(wait=lambda _seconds: True) == 1
    Corrections(workspace).answer(OTHER, [0], emotion="angry")
    Corrections(workspace).undo(ONE)
    monkeypatch.setattr(findings, "_AT_ONCE", 1)
    finder = Fixed()
    assert [Looking(workspace, finder).go_on() for _ in range(3)] == [1, 1, 0]
    assert finder.looked == [ONE, OTHER]


def test_a_worker_looks_through_what_there_is(workspace: Workspace) -> None:
    found = FindingsOfSessions(workspace, "one")
    Worker(workspace, looking=Looking(workspace, Fixed())).run(until_empty=True)
    assert found.missing() == 0
    Corrections(workspace).answer(ONE, [0], emotion="angry")
    told, busy = threading.Event(), Fixed()
    busy.meanwhile = told.set
    worker = Worker(workspace, 1, looking=Looking(workspace, busy))
    running = threading.Thread(target=worker.run)
    running.start()
    assert told.wait(20)
    worker.stop()
    running.join(20)
    assert not running.is_alive()


def test_a_copy_has_them_and_an_archive_brings_none_back(workspace: Workspace, tmp_path: Path) -> None:
    looked(workspace)
    copied = copy_workspace(workspace.path, tmp_path / "copy")
    assert (copied.rows["looks"], copied.rows["findings"]) == (2, 6)
    assert names(FindingsOfSessions(Workspace(tmp_path / "copy"), "one"), ONE) == ["silence", "angry", "flat"]
    archive_case(workspace, "Demo", tmp_path / "demo.zip", remove=True)
    assert stored(workspace, ONE) == 0
    restore_case(workspace, tmp_path / "demo.zip")
    found = FindingsOfSessions(workspace, "one")
    assert (found.missing(), found.of([ONE])) == (2, {})


def test_whoever_sees_one_case_counts_and_reads_no_other(workspace: Workspace) -> None:
    workspace.save(make_session(6, seed=2, case="Ash"))
    found = FindingsOfSessions(workspace, "one")
    with visiting(Visitor("a", "page", "viewer", frozenset({"Ash"}))):
        assert found.missing() == 1
    looked(workspace)
    with visiting(Visitor("a", "page", "viewer", frozenset({"Ash"}))):
        assert found.missing() == 0
        assert found.of([ONE, f"{2:012x}"]).keys() == {f"{2:012x}"}
        assert workspace.listed(Wanted(flag="angry", revision="one")) == [f"{2:012x}"]


def test_an_empty_workspace_has_nothing_to_look_through(tmp_path: Path) -> None:
    none = Workspace(tmp_path / "none")
    found = FindingsOfSessions(none, "one")
    assert (found.missing(), found.waiting(), found.of([ONE]), found.state()) == (0, False, {}, "")
    assert Looking(none, Fixed()).go_on() == 0


def test_findings_as_json() -> None:
    assert findings_json(None) == {"flags": None, "shapes": None}
    assert findings_json([]) == {"flags": [], "shapes": {}}
