"""What was found in each session, so that lists are chosen by it; gone as soon as what it is made of changes. And an
index of the turns to review."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0010_findings"
down_revision = "0009_text"
branch_labels = None
depends_on = None

# Everything that changes a session says so in its ``changed``. The role of a speaker whom the voice alone names is
# another matter: it is the one that a person said last of that participant, in whichever session.
_GUESSED = "SELECT session_id FROM speakers WHERE participant_id = {who} AND NOT confirmed AND role IS NULL"
_OTHERWISE = (
    "SELECT session_id FROM speakers WHERE NOT confirmed AND role IS NULL AND participant_id IN ("
    "SELECT own.participant_id FROM speakers AS own WHERE own.session_id = NEW.id AND own.confirmed "
    "AND EXISTS (SELECT 1 FROM speakers AS said WHERE said.participant_id = own.participant_id AND said.confirmed "
    "AND said.role <> own.role))"
)
_TRIGGERS = {
    "sessions_look_changed": (
        "AFTER UPDATE OF changed ON sessions",
        "TRUE",
        f"session_id = NEW.id OR session_id IN ({_OTHERWISE})",
    ),
    "speakers_look_added": (
        "AFTER INSERT ON speakers",
        "NEW.confirmed AND NEW.role IS NOT NULL",
        f"session_id IN ({_GUESSED.format(who='NEW.participant_id')})",
    ),
    "speakers_look_changed": (
        "AFTER UPDATE OF label, participant_id, role, confirmed ON speakers",
        "TRUE",
        "session_id = NEW.session_id "
        f"OR session_id IN ({_GUESSED.format(who='OLD.participant_id')}) "
        f"OR session_id IN ({_GUESSED.format(who='NEW.participant_id')})",
    ),
    "speakers_look_removed": (
        "AFTER DELETE ON speakers",
        "TRUE",
        f"session_id = OLD.session_id OR session_id IN ({_GUESSED.format(who='OLD.participant_id')})",
    ),
    "participants_look_changed": (
        "AFTER UPDATE OF name, role ON participants",
        "TRUE",
        "session_id IN (SELECT session_id FROM speakers WHERE participant_id = NEW.id)",
    ),
}
"""By name: after what, where, and which looks hold no longer."""

# Turns of which the machine is unsure, those left out that a mask hides: what there is to review is counted by it.
_DOUBTFUL = sa.text(
    "(speaker_confidence < 0.7 OR confidence < 0.7 OR emotion = 'uncertain') "
    "AND coalesce(substr(reason, 1, 8), '') <> 'masked: '"
)


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.String(length=16), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_looks"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_looks_session_id_sessions",
                                ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_looks_revision_whole", "looks", ["revision", "whole"])
    op.create_index("ix_looks_made", "looks", ["made"])
    op.create_table(
        "findings",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("speaker", sa.String(), nullable=True),
        sa.Column("other", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "number", name="pk_findings"),
        sa.ForeignKeyConstraint(["session_id"], ["looks.session_id"], name="fk_findings_session_id_looks",
                                ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_findings_kind_name_session_id", "findings", ["kind", "name", "session_id"])
    op.create_index("ix_turns_doubtful", "turns", ["session_id"], sqlite_where=_DOUBTFUL, postgresql_where=_DOUBTFUL)
    for name, (when, where, gone) in _TRIGGERS.items():
        if op.get_bind().dialect.name == "postgresql":
            # Whatever column is changed: a server lets no type be changed of those that a trigger names.
            anything = re.sub(" OF .* ON ", " ON ", when)
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN IF {where} THEN DELETE FROM looks WHERE {gone}; END IF; RETURN NULL; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} {anything} FOR EACH ROW EXECUTE FUNCTION {name}()")
        else:
            op.execute(f"CREATE TRIGGER {name} {when} WHEN {where} BEGIN DELETE FROM looks WHERE {gone}; END")


def downgrade() -> None:
    op.drop_index("ix_turns_doubtful", "turns")
    for name, (when, _, _) in _TRIGGERS.items():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {name} ON {when.rpartition(' ')[2]}")
            op.execute(f"DROP FUNCTION {name}()")
        else:
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("findings")
    op.drop_table("looks")
