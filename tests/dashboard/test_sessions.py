"""Reading a workspace for pages."""

from __future__ import annotations

from pathlib import Path

from dashboard.pages import part_at
from dashboard.sessions import Library
from pipeline.access.visitors import Visitor, visiting
from pipeline.sessions import Session
from pipeline.workspace import Workspace
from tests.sessions import make_session

from .workspaces import FIRST, SECOND, SILENT


class CountingWorkspace(Workspace):
    """Counts how often sessions are opened."""

    opened = 0

    def session(self, prefix: str) -> Session:
        self.opened += 1
        return super().session(prefix)


def test_a_session_is_opened_once(workspace: Workspace) -> None:
    counting = CountingWorkspace(workspace.path)
    library = Library(counting)
    assert library.session(FIRST) is library.session(FIRST)
    assert counting.opened == 1


def test_a_changed_session_is_opened_again(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(4, participants=(None, None), roles=(None, None)))
    library = Library(own)
    before = library.session(FIRST)
    own.assign(FIRST, {"SPEAKER_00": ("Anna", "client")})
    after = library.session(FIRST)
    assert before is not None and after is not None
    assert before.name_of("SPEAKER_00") == "SPEAKER_00"
    assert after.name_of("SPEAKER_00") == "Anna"


def test_only_the_last_sessions_are_kept(workspace: Workspace) -> None:
    counting = CountingWorkspace(workspace.path)
    library = Library(counting, size=1)
    for session_id in (FIRST, SECOND, FIRST):
        library.session(session_id)
    assert counting.opened == 3


def test_ids_are_taken_whole_and_exactly(library: Library) -> None:
    assert library.has_session(FIRST)
    for wrong in (FIRST[:11], FIRST + "0", FIRST.replace("0", "g"), "", "../" + FIRST, FIRST.upper() + "\n"):
        assert not library.has_session(wrong)
        assert library.session(wrong) is None
        assert library.audio(wrong) is None


def test_a_case_gives_its_sessions_by_date(library: Library) -> None:
    sessions = library.case("Demo")
    assert sessions is not None
    assert [session.id for session in sessions] == [FIRST, SECOND]
    assert library.case("demo") is None


def test_audio_is_none_where_it_is_not_kept(library: Library) -> None:
    assert library.audio(SILENT) is None
    kept = library.audio(FIRST)
    assert kept is not None and kept.path.suffix == ".flac"


def test_a_workspace_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    library = Library(Workspace(tmp_path / "none"))
    assert library.sessions() == []
    assert library.session(FIRST) is None
    assert not (tmp_path / "none").exists()


def test_what_was_made_for_one_visitor_is_not_shown_to_another_who_sees_less(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(8, case="Demo"))
    own.save(make_session(8, seed=1, case="Other"))
    library = Library(Workspace(own.path, guarded=True))
    everybody = Visitor("a", "page", "viewer")
    less = Visitor("b", "page", "viewer", frozenset({"Other"}))
    with visiting(everybody):
        assert [each.id for each in library.sessions()] == [FIRST, SECOND]
        assert "8 turns" in str(part_at(library, f"/session/{FIRST}", "", "summary"))
        part_at(library, "/compare", f"?a={FIRST}&b={SECOND}", "summary")
    with visiting(less):
        assert [each.id for each in library.sessions()] == [SECOND]
        assert [each.name for each in library.cases()] == ["Other"]
        assert (library.version(FIRST), library.session(FIRST), library.case("Demo")) == (None, None, None)
        for path, search in ((f"/session/{FIRST}", ""), ("/compare", f"?a={FIRST}&b={SECOND}"), ("/case/Demo", "")):
            assert "There is nothing here any more" in str(part_at(library, path, search, "summary"))
