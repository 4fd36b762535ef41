"""What the pseudonyms of a case's participants are made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_pseudonyms"
down_revision = "0007_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("salt", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "salt")
