"""Who may do what in a workspace, and what was done."""
