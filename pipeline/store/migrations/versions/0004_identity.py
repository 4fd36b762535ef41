"""Voices of participants, matches by voice, and what a person confirmed or took back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_identity"
down_revision = "0003_speaker_confidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("identity", sa.JSON(), nullable=True))
    op.add_column("participants", sa.Column("role", sa.String(), nullable=True))
    with op.batch_alter_table("speakers") as speakers:
        speakers.add_column(sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
        speakers.add_column(sa.Column("match_id", sa.Integer(), nullable=True))
        speakers.add_column(sa.Column("match_probability", sa.Double(), nullable=True))
        speakers.create_foreign_key(
            "fk_speakers_match_id_participants", "participants", ["match_id"], ["id"], ondelete="SET NULL"
        )
        speakers.create_index("ix_speakers_match_id", ["match_id"])
    # Until now only persons said who somebody is.
    op.execute("UPDATE speakers SET confirmed = TRUE WHERE participant_id IS NOT NULL")
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participants.id"],
            name="fk_enrolments_participant_id_participants",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_enrolments_participant_id", "enrolments", ["participant_id"])
    op.create_table(
        "refusals",
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "position", "participant_id", name="pk_refusals"),
        sa.ForeignKeyConstraint(
            ["session_id", "position"],
            ["speakers.session_id", "speakers.position"],
            name="fk_refusals_session_id_speakers",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participants.id"],
            name="fk_refusals_participant_id_participants",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refusals_participant_id", "refusals", ["participant_id"])
    op.create_table(
        "voice_calibrations",
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("encoder", "revision", name="pk_voice_calibrations"),
    )


def downgrade() -> None:
    for name in ("voice_calibrations", "refusals", "enrolments"):
        op.drop_table(name)
    with op.batch_alter_table("speakers") as speakers:
        speakers.drop_index("ix_speakers_match_id")
        speakers.drop_constraint("fk_speakers_match_id_participants", type_="foreignkey")
        for column in ("match_probability", "match_id", "confirmed"):
            speakers.drop_column(column)
    op.drop_column("participants", "role")
    op.drop_column("cases", "identity")
