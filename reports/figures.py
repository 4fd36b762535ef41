"""The figures of reports and pages: one function each, sessions in and a plotly figure out.

Each takes ``theme`` (``light``, ``dark`` or ``print``) and ``language`` (``en`` or ``zh``) by name. How to read each is
written once, in ``reports.figure_list``.
"""

from .between_figures import case_trends_figure, turn_map_figure
from .case_figures import case_shares_figure, case_valence_figure, similarity_figure
from .course_figures import frame_heat_map, trajectories
from .drawing import clock, message_figure
from .exchange_figures import coupling_figure, transition_graph
from .session_map import session_map
from .share_figures import emotion_share_figure, talk_time_figure

__all__ = [
    "case_shares_figure",
    "case_trends_figure",
    "case_valence_figure",
    "clock",
    "coupling_figure",
    "emotion_share_figure",
    "frame_heat_map",
    "message_figure",
    "session_map",
    "similarity_figure",
    "talk_time_figure",
    "trajectories",
    "transition_graph",
    "turn_map_figure",
]
