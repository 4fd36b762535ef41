"""Reads audio and finds who spoke when. The lowest room: it imports from no other."""
