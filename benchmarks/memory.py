"""How much memory a process took."""

from __future__ import annotations

import resource
from pathlib import Path


def own_peak() -> float:
    """Peak resident memory of this process in MB; that of ``getrusage`` would include the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = [each for each in status.read_text().splitlines() if each.startswith("VmHWM")]
    return float(line.split()[1]) / 1024
