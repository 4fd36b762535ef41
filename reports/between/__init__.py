"""What can be said between sessions and between groups of people: pure functions, result objects out.

docs/comparisons.md names them. ``case_turns`` gathers a participant's turns; ``trends``, ``pre_post``,
``reliable_change``, ``likeness`` and ``turn_map`` look at one participant; ``groups`` compares people or sessions.
"""
