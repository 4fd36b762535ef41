"""How often somebody may ask."""

from __future__ import annotations

import math
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Limiter:
    """Counts what somebody does in a moving window of time; one server is one process, so counts stand in memory.

    Parameters
    ----------
    limit : str
        Such as ``10/minute``.
    """

    def __init__(self, limit: str) -> None:
        self._limit = parse(limit)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, who: str) -> bool:
        """Count one; gives whether it is still allowed."""
        return bool(self._limiter.hit(self._limit, who))

    def wait(self, who: str) -> int:
        """Seconds until it is allowed again, at least 1."""
        free = self._limiter.get_window_stats(self._limit, who).reset_time
        return max(1, math.ceil(free - time.time()))
