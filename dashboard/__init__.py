"""Everything served over HTTP."""
