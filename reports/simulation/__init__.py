"""Conversations put together from labelled utterances: who speaks when, how, and in which room, is known."""
