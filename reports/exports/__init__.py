"""Sessions as files that other tools open, and what those tools give back."""
