"""How sure the diarizer is of each turn's speaker, and how the number of speakers came about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_speaker_confidence"
down_revision = "0002_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("speaker_confidence", sa.Double(), nullable=True))
    op.add_column("sessions", sa.Column("speaker_count", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "speaker_count")
    op.drop_column("turns", "speaker_confidence")
