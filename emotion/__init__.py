"""Emotion labels, scores and the recognisers that give them."""
