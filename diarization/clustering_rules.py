"""When two clusters of voices are two persons."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ClusteringRules:
    """The numbers that decide it, chosen on the development sets by ``scripts/tune_embedded_diarizer.py``.

    Parameters
    ----------
    session_share : float
        How far voices are compared from the session's own mean voice rather than from everybody's, 0 to 1.
    apart, apart_in_crowd : float
        Mean cosine distance from which the two nearest of three clusters are two persons, and that of very many: the
        more persons there are, the nearer the nearest two of them.
    alike : float
        Cosine of the two halves of a session above which it is held to be one person's.
    alike_by_dialogue : float
        How much lower that cosine is taken to be where every chunk is a dialogue,
    alike_by_overlap : float
        and where all speech is overlapped.
    least : float
        Seconds of clear speech that a person has, where the number of persons is not given.
    """

    session_share: float = 0.3
    apart: float = 0.9
    apart_in_crowd: float = 0.85
    alike: float = 0.55
    alike_by_dialogue: float = 0.3
    alike_by_overlap: float = 3.0
    least: float = 1.0

    def distance(self, num_clusters: int) -> float:
        """Mean cosine distance that the nearest two of so many clusters, three or more, need to be two persons.

        >>> round(ClusteringRules(apart=0.9, apart_in_crowd=0.8).distance(5), 2)
        0.85
        """
        return self.apart_in_crowd + (self.apart - self.apart_in_crowd) * 2 / (num_clusters - 1)

    def nearby(self) -> list[ClusteringRules]:
        """Rules that differ a little, by which the number of persons is counted again to see how sure it is."""
        moved = (
            replace(self, apart=self.apart + shift, apart_in_crowd=self.apart_in_crowd + shift)
            for shift in (-0.04, -0.02, 0.02, 0.04)
        )
        return [*moved, *(replace(self, alike=self.alike + shift) for shift in (-0.1, -0.05, 0.05, 0.1))]
