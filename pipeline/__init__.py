"""Runs recordings through the stages and keeps the sessions."""
