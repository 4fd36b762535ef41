"""The session store: tables, migrations and artifact files behind a Workspace."""
