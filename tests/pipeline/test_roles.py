from __future__ import annotations

import pytest

from diarization.errors import ConfigError
from pipeline.roles import channel_problem, parse_pairs, people_on_channels


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"lft": "agent"}, "'lft' is not a channel, did you mean 'left'? accepted are left, right, or a number from 1"),
        ({"0": "agent"}, "'0' is not a channel;"),
        ({"left": "agnet"}, "left: 'agnet' is not a role, did you mean 'agent'? accepted are client, counsellor"),
        ({"left": "agent", "1": "customer"}, "'1' and 'left' are the same channel; name each once"),
    ],
)
def test_what_is_wrong_with_channel_names_is_said(names: dict[str, str], said: str) -> None:
    problem = channel_problem(names)
    assert problem is not None
    assert problem.startswith(said)


def test_channel_names_become_people() -> None:
    channel_of = {"SPEAKER_00": 1, "SPEAKER_01": 0}
    people = people_on_channels({"left": "agent", "2": "Anna B:customer"}, channel_of, 2)
    assert people == {"SPEAKER_01": (None, "agent"), "SPEAKER_00": ("Anna B", "customer")}


def test_a_channel_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'3' is not there; the recording has 2 channels"):
        people_on_channels({"3": "agent"}, {"SPEAKER_00": 0}, 2)


def test_pairs_are_read() -> None:
    assert parse_pairs("left=agent, right=Anna:customer", "--channels", "x") == {
        "left": "agent",
        "right": "Anna:customer",
    }
    with pytest.raises(ConfigError, match="--channels left: 'left' is not understood; write it as left=agent"):
        parse_pairs("left", "--channels", "left=agent")
