"""Cases, participants, sessions, speakers, turns, artifacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

# What a workspace that several machines share has besides: who it is, and what may lie about without being wanted.
_POSTGRES = (
    "CREATE TABLE about (name varchar PRIMARY KEY, value varchar NOT NULL)",
    "CREATE TABLE dropped (number bigserial PRIMARY KEY, what varchar NOT NULL, sure boolean NOT NULL, "
    "done boolean NOT NULL DEFAULT false, since timestamp NOT NULL DEFAULT timezone('utc', clock_timestamp()))",
    "CREATE INDEX ix_dropped_since ON dropped (since)",
    "CREATE INDEX ix_dropped_waiting ON dropped (number) WHERE NOT done",
    "CREATE FUNCTION artifact_dropped() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN INSERT INTO dropped (what, sure) VALUES (OLD.file, true); RETURN NULL; END $$",
    "CREATE TRIGGER artifact_dropped AFTER UPDATE OR DELETE ON artifacts FOR EACH ROW "
    "EXECUTE FUNCTION artifact_dropped()",
)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("name", name="uq_cases_name"),
    )
    op.create_table(
        "participants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participants"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_participants_case_id_cases", ondelete="CASCADE"),
        sa.UniqueConstraint("case_id", "name", name="uq_participants_case_id_name"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("recording_id", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("duration", sa.Double(), nullable=False),
        sa.Column("sampling_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("num_turns", sa.Integer(), nullable=False),
        sa.Column("num_scored", sa.Integer(), nullable=False),
        sa.Column("analysis_key", sa.String(length=64), nullable=False),
        sa.Column("diarization_key", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("changed", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_sessions_case_id_cases"),
    )
    op.create_index("ix_sessions_case_id_date", "sessions", ["case_id", "date"])
    op.create_index("ix_sessions_recording_id", "sessions", ["recording_id"])
    op.create_table(
        "speakers",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("talk_time", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "position", name="pk_speakers"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_speakers_session_id_sessions", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name="fk_speakers_participant_id_participants"),
    )
    op.create_index("ix_speakers_participant_id", "speakers", ["participant_id"])
    op.create_table(
        "turns",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=False),
        sa.Column("emotion", sa.String(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("valence", sa.Double(), nullable=True),
        sa.Column("arousal", sa.Double(), nullable=True),
        sa.Column("overlap", sa.Double(), nullable=False),
        sa.Column("scored", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("scores", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "position", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_turns_session_id_sessions", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "artifacts",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "name", name="pk_artifacts"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_artifacts_session_id_sessions", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_artifacts_file", "artifacts", ["file"])
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(statement)


def downgrade() -> None:
    for table in ("artifacts", "turns", "speakers", "sessions", "participants", "cases"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE about, dropped")
        op.execute("DROP FUNCTION artifact_dropped()")
