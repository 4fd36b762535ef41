"""The same jobs on many machines: messages that wake workers, and what shows how they do.

Nothing here is imported where one machine is enough.
"""
