"""Whether p-values between sessions and groups are right: on data without any effect they have to be uniform.

    python -m benchmarks.nulls                # 1,000 rounds of each
    python -m benchmarks.nulls --rounds 5000

Prints, for each test, the shares of p at most 0.05 and at most 0.2, and in how many of the rounds there was a p at all:
with too few turns for how alike neighbours are, there is none. Of 1,000 rounds, a right test is between 0.037 and 0.065
and between 0.175 and 0.225 in 19 of 20 runs. Last, turning points: in how many series without a change one is found,
and in how many with a change in the middle, that one.
"""

from __future__ import annotations

import argparse

import numpy as np

from reports.between.blocks import one_thread
from reports.between.simulation import (
    cluster_p_values,
    course_p_values,
    group_p_values,
    likeness_p_values,
    parts_p_values,
    shape_p_values,
    share_below,
    trend_p_values,
    turning_point_shares,
)


def show(name: str, p_values: list[float]) -> None:
    """One line."""
    judged = float(np.isfinite(p_values).mean())
    print(f"{name:<64}{share_below(p_values, 0.05):8.3f}{share_below(p_values, 0.2):8.3f}{judged:8.3f}", flush=True)


def main() -> None:
    """Parse, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    print(f"{'test':<64}{'<= .05':>8}{'<= .20':>8}{'judged':>8}")
    with one_thread():
        for sessions in (4, 6, 12):
            show(f"trend over {sessions} sessions of 4 to 100 turns", trend_p_values(rounds, sessions))
        show("cluster permutation, 6 against 5 sessions", cluster_p_values(rounds))
        for design in ("between", "within"):
            show(f"groups, {design} people, 8 people", group_p_values(rounds, design, 8))
        for alike in (0.0, 0.3, 0.6):
            for sizes in ((8, 8), (12, 12), (16, 40), (24, 24), (40, 40), (100, 60)):
                name = f"{sizes[0]} against {sizes[1]} turns, neighbours alike {alike}"
                show(f"valence, {name}", course_p_values(rounds, sizes, alike))
                for way, p_values in likeness_p_values(rounds, sizes, alike).items():
                    show(f"{way}, {name}", p_values)
            for count in (16, 24, 40, 100):
                name = f"of {count} turns, neighbours alike {alike}"
                show(f"second half {name}", parts_p_values(rounds, count, 0.5, alike))
                show(f"last quarter {name}", parts_p_values(rounds, count, 0.25, alike))
                show(f"shape of the course {name}", shape_p_values(rounds, count, alike))
    print(f"\n{'turning points':<64}{'false':>8}{'found':>8}")
    for alike in (0.0, 0.3, 0.6, 0.8):
        for count in (24, 50, 100, 200):
            false, found = turning_point_shares(rounds, count, alike)
            print(
                f"{f'of {count} turns, neighbours alike {alike}, a step of 2 deviations':<64}{false:8.3f}{found:8.3f}"
            )


if __name__ == "__main__":
    main()
