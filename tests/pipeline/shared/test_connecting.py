"""A folder stands for a shared workspace once both of its places answer, and says what is wrong where they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from diarization.errors import WorkspaceError
from pipeline.connecting import connect_workspace
from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.ports import free_port
from tests.services import Services
from tests.sessions import make_session

ROOT = Path(__file__).parents[3]


def test_the_command_line_connects_and_what_is_kept_has_no_secret(
    services: Services, command_line: CommandLine, tmp_path: Path
) -> None:
    database, artifacts = services.postgres.new_database(), services.objects.new_bucket()
    shown = command_line("workspace", "connect", tmp_path / "w", "--database", database, "--artifacts", artifacts)
    assert shown.code == 0 and f"stands for the workspace in {database} and {artifacts}" in shown.err
    said = (tmp_path / "w" / "shared.yaml").read_text()
    assert f"database: {database}\nartifacts: {artifacts}\n" in said
    assert "tests-secret" not in said
    assert command_line("sessions", "list", "--workspace", tmp_path / "w", "--format", "json").json == []


def test_how_much_is_kept_as_copies_is_said_and_changed_by_the_same_command(
    services: Services, command_line: CommandLine, tmp_path: Path
) -> None:
    place = ("--database", services.postgres.new_database(), "--artifacts", services.objects.new_bucket())
    connect = ("workspace", "connect", tmp_path / "w", *place)
    assert "it keeps 50 GB of copies" in command_line(*connect, "--copies-gb", "50").err
    kept = Workspace(tmp_path / "w").save(make_session())
    assert command_line(*connect, "--copies-gb", "0.5").code == 0
    assert "copies_gb: 0.5\n" in (tmp_path / "w" / "shared.yaml").read_text()
    refused = command_line(*connect, "--copies-gb", "0")
    assert refused.code == 1 and "0.0: no size of the copies that are kept; give GB as a number above 0" in refused.err
    assert "copies_gb: 0.5\n" in (tmp_path / "w" / "shared.yaml").read_text()
    assert command_line(*connect).code == 0
    assert "copies_gb" not in (tmp_path / "w" / "shared.yaml").read_text()
    assert Workspace(tmp_path / "w").session(kept.id).turns.equals(kept.turns)


@pytest.mark.parametrize(
    ("database", "artifacts", "said"),
    [
        ("mysql://a@b/c", "s3://b/p", "mysql://a@b/c: no address of a database; accepted is postgresql://user@host"),
        ("postgresql://a@b", "s3://b/p", "no address of a database"),
        ("postgresql://a@b/c", "/tmp/x", "no address of a store; accepted are s3://bucket/prefix and file:///folder"),
        ("postgresql://a:word@b/c", "s3://b/p", r"postgresql://a@b/c: passwords and keys are not kept .* PGPASSWORD"),
        ("postgresql://a@b/c?password=word", "s3://b", "passwords and keys are not kept in a workspace"),
        ("postgresql://a@b/c", "s3://b/p?secret=word", "s3://b/p: passwords and keys are not kept"),
    ],
)
def test_addresses_that_are_none_or_hold_a_secret_are_refused(
    tmp_path: Path, database: str, artifacts: str, said: str
) -> None:
    with pytest.raises(WorkspaceError, match=said) as raised:
        connect_workspace(tmp_path / "w", database, artifacts)
    assert "word" not in str(raised.value).replace("passwords", "").replace("PGPASSWORD", "")
    assert not (tmp_path / "w").exists()


def test_a_place_that_does_not_answer_is_said_and_nothing_is_kept(services: Services, tmp_path: Path) -> None:
    bucket = services.objects.new_bucket()
    for database, said in (
        (services.postgres.url("nowhere"), r"there is no database of that name; make it with createdb nowhere"),
        (f"postgresql://postgres@127.0.0.1:{free_port()}/x", "the database server does not answer .*refused"),
        (services.postgres.url("x").replace("postgres@", "nobody@"), "there is no such user"),
    ):
        with pytest.raises(WorkspaceError, match=said):
            connect_workspace(tmp_path / "w", database, bucket)
    with pytest.raises(WorkspaceError, match=r"s3://test-none/p: .*there is no such bucket"):
        connect_workspace(tmp_path / "w", services.postgres.new_database(), "s3://test-none/p")
    assert not (tmp_path / "w" / "shared.yaml").exists()


def test_a_wrong_password_is_said_and_the_right_one_comes_from_the_environment(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = services.postgres.new_database()
    name = url.rpartition("/")[2]
    services.postgres.sql(
        name, "CREATE ROLE secured LOGIN PASSWORD 'right'", f"ALTER DATABASE {name} OWNER TO secured",
        "ALTER SCHEMA public OWNER TO secured",
    )  # fmt: skip
    own, bucket = url.replace("postgres@", "secured@"), services.objects.new_bucket()
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(WorkspaceError, match="a password is asked for; set PGPASSWORD"):
        connect_workspace(tmp_path / "w", own, bucket)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(WorkspaceError, match="the password is wrong, or there is no such user"):
        connect_workspace(tmp_path / "w", own, bucket)
    monkeypatch.setenv("PGPASSWORD", "right")
    connect_workspace(tmp_path / "w", own, bucket)
    assert len(Workspace(tmp_path / "w").sessions()) == 0


def test_database_and_store_of_two_workspaces_do_not_go_together(services: Services, tmp_path: Path) -> None:
    one, other = services.postgres.new_database(), services.postgres.new_database()
    bucket, second = services.objects.new_bucket(), services.objects.new_bucket()
    connect_workspace(tmp_path / "one", one, bucket)
    connect_workspace(tmp_path / "again", one, bucket)  # as on another machine
    for database, store in ((other, bucket), (one, second)):
        with pytest.raises(WorkspaceError, match="a database and a store belong together"):
            connect_workspace(tmp_path / "mixed", database, store)
    assert not (tmp_path / "mixed" / "shared.yaml").exists()


def test_a_database_of_another_program_and_a_folder_that_holds_something_are_left_alone(
    services: Services, tmp_path: Path
) -> None:
    url, bucket = services.postgres.new_database(), services.objects.new_bucket()
    services.postgres.sql(url.rpartition("/")[2], "CREATE TABLE letters (x int)")
    with pytest.raises(WorkspaceError, match="a database, but not one of Turntone's"):
        connect_workspace(tmp_path / "w", url, bucket)
    Workspace(tmp_path / "old").save(make_session())
    with pytest.raises(WorkspaceError, match=r"not empty, it holds .*; choose a new folder, and turntone"):
        connect_workspace(tmp_path / "old", services.postgres.new_database(), bucket)
    assert len(Workspace(tmp_path / "old").sessions()) == 1


def test_a_folder_alone_needs_no_driver_and_imports_none(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.workspace import Workspace\n"
        "from tests.sessions import make_session\n"
        "own = Workspace(Path(sys.argv[1])); own.save(make_session()); own.session('0'); own.sweep()\n"
        "drivers = ('psycopg', 'fsspec', 's3fs', 'boto', 'aiobotocore', 'celery')\n"
        "print([each for each in sys.modules if each.startswith(drivers)])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "w")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout == "[]\n"


@pytest.mark.parametrize(
    ("driver", "asked"), [("psycopg", "Workspace(Path(sys.argv[1])).sessions()"), ("s3fs", "store_of('s3://b/p')")]
)
def test_without_the_drivers_it_says_what_to_install(tmp_path: Path, driver: str, asked: str) -> None:
    (tmp_path / "shared.yaml").write_text("database: postgresql://a@127.0.0.1:1/b\nartifacts: s3://b/p\n")
    code = (
        f"import sys; sys.modules['{driver}'] = None\n"
        "from pathlib import Path; from diarization.errors import WorkspaceError\n"
        "from pipeline.store.objects import store_of; from pipeline.workspace import Workspace\n"
        f"try: {asked}\n"
        "except WorkspaceError as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "pip install '.[cluster]' in Turntone's folder" in said.stdout
