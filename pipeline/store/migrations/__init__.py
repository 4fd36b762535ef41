"""Alembic migrations of the workspace's database, in ``versions``, oldest first."""
