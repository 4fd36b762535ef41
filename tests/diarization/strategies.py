"""What hypothesis draws: times are whole numbers, so that sums and differences are exact."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from diarization.diarizations import Diarization, diarization_of
from diarization.segments import Segment

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


def segment_lists(most: int = 12, end: int = 60) -> st.SearchStrategy[list[Segment]]:
    """Segments in any order that may overlap."""
    bounds = st.tuples(st.integers(0, end - 1), st.integers(1, 15))
    return st.lists(bounds.map(lambda pair: Segment(pair[0], pair[0] + pair[1])), max_size=most)


def diarizations(speakers: int = 4, most: int = 16, end: int = 60) -> st.SearchStrategy[Diarization]:
    """Diarizations of up to so many speakers, with and without overlap."""
    triples = st.tuples(st.integers(0, end - 1), st.integers(1, 15), st.sampled_from("ABCDEFGH"[:speakers]))
    return st.lists(triples, max_size=most).map(
        lambda drawn: diarization_of((start, start + duration, speaker) for start, duration, speaker in drawn)
    )
