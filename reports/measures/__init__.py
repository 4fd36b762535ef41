"""What can be measured in a session and a case: pure functions, tables in and tables out.

The measures themselves, each with its definition, source and caution, are in the registry: ``measure_session`` and
``measure_case`` give all of them in one tidy table. The other functions here give single tables in the shape that
figures need.
"""

from .averages import affect, emotion_shares, talk_time
from .cases import case_affect, case_shares
from .catalog import MEASURES, find_measures, measure_case, measure_session
from .courses import bounds_of, smoothed_scores, trajectory
from .people import participants_of, speaker_names
from .registry import COLUMNS, Least, Measure
from .values import Value

__all__ = [
    "COLUMNS",
    "MEASURES",
    "Least",
    "Measure",
    "Value",
    "affect",
    "bounds_of",
    "case_affect",
    "case_shares",
    "emotion_shares",
    "find_measures",
    "measure_case",
    "measure_session",
    "participants_of",
    "smoothed_scores",
    "speaker_names",
    "talk_time",
    "trajectory",
]
