"""What is said in each turn, where a file of turns says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_text"
down_revision = "0008_pseudonyms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("text", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("turns", "text")
