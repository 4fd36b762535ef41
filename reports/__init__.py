"""Measures, figures, reports and evaluation: pure functions over a session's tables."""
