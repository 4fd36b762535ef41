from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.store import database
from pipeline.store.database import REVISION, Database, alembic_config
from pipeline.store.models import Base


def test_models_and_migrations_agree(tmp_path: Path) -> None:
    with Database(tmp_path / "workspace.db").writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_the_one_the_program_expects() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == REVISION


def test_a_migration_that_fails_leaves_no_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = database._upgrade

    def fail(*arguments: object) -> None:
        upgrade(*arguments)  # type: ignore[arg-type]
        raise RuntimeError("half-way")

    monkeypatch.setattr(database, "_upgrade", fail)
    with pytest.raises(RuntimeError), Database(tmp_path / "workspace.db").writing():
        pass
    assert not Database(tmp_path / "workspace.db").exists()


def test_migrations_can_be_taken_back(tmp_path: Path) -> None:
    from alembic import command

    with Database(tmp_path / "workspace.db").writing() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        assert names == ["alembic_version"]


def test_opening_a_current_database_needs_no_alembic(tmp_path: Path) -> None:
    import subprocess
    import sys

    with Database(tmp_path / "workspace.db").writing():
        pass
    code = (
        "import sys; from pathlib import Path; from pipeline.store.database import Database\n"
        "with Database(Path(sys.argv[1])).reading(): print('alembic' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    arguments = [sys.executable, "-c", code, str(tmp_path / "workspace.db")]
    assert subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=root).stdout == "False\n"


def test_a_workspace_from_before_keeps_its_turns_and_sessions(tmp_path: Path) -> None:
    from alembic import command

    file = tmp_path / "workspace.db"
    with Database(file).writing() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001_initial")
        connection.exec_driver_sql(
            "INSERT INTO sessions (id, recording_id, path, duration, sampling_rate, channels, labels, quality, "
            "provenance, models, notes, num_turns, num_scored, analysis_key, diarization_key, created, changed) VALUES "
            "('3f2a', 'r', 'a.wav', 9, 16000, 1, '[]', '{}', '{}', '{}', '[]', 1, 0, 'k', 'k', '2026-01-01', "
            "'2026-01-01')"
        )
        connection.exec_driver_sql(
            'INSERT INTO turns (session_id, position, start, "end", speaker, overlap, scored) '
            "VALUES ('3f2a', 0, 1.5, 2.5, 'SPEAKER_00', 0, 0)"
        )
    with Database(file).reading() as connection:
        turns = connection.exec_driver_sql("SELECT start, speaker, speaker_confidence FROM turns").all()
        counts = connection.exec_driver_sql("SELECT duration, speaker_count FROM sessions").all()
    assert turns == [(1.5, "SPEAKER_00", None)]
    assert counts == [(9.0, None)]
