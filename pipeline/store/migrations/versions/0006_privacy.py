"""How long a case is kept, what its participants consent to, and what was exported of a session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_privacy"
down_revision = "0005_corrections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("keep_days", sa.Integer(), nullable=True))
    for name in ("consent_analysis", "consent_voiceprint"):
        op.add_column("participants", sa.Column(name, sa.Boolean(), nullable=True))
    op.create_table(
        "exported",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(length=12), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_exported"),
    )
    op.create_index("ix_exported_session_id", "exported", ["session_id"])


def downgrade() -> None:
    op.drop_table("exported")
    for name in ("consent_voiceprint", "consent_analysis"):
        op.drop_column("participants", name)
    op.drop_column("cases", "keep_days")
