"""Users, what they may, and the audit trail, which nothing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_access"
down_revision = "0006_privacy"
branch_labels = None
depends_on = None

_SQLITE = (
    *(
        f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ),
    # A row put in the place of another one would be an update by another name.
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
    "WHEN EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number) "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
_POSTGRES = (
    "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE FUNCTION audit_appends() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT 1 FROM audit WHERE number >= NEW.number) THEN "
    "RAISE EXCEPTION 'the audit trail is append-only'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuses()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_appends()",
)


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("all_cases", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "grants",
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("case_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "case_name", name="pk_grants"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_grants_user_id_users", ondelete="CASCADE"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=16), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sign_ins_user_id_users", ondelete="CASCADE"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
    op.create_table(
        "audit_names",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("session_id", sa.String(length=12), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("account", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_names"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_audit_names_case_id_cases", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participants.id"],
            name="fk_audit_names_participant_id_participants",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("session_id", name="uq_audit_names_session_id"),
        sa.UniqueConstraint("case_id", name="uq_audit_names_case_id"),
        sa.UniqueConstraint("participant_id", name="uq_audit_names_participant_id"),
        sa.UniqueConstraint("account", name="uq_audit_names_account"),
    )


def downgrade() -> None:
    for table in ("audit_names", "audit", "sign_ins", "tokens", "grants", "users"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("audit_appends", "audit_refuses"):
            op.execute(f"DROP FUNCTION {name}()")
