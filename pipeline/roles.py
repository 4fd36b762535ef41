"""What people are in a conversation: the roles there are, and who is said to have which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from diarization.errors import ConfigError

ROLES = ("client", "counsellor", "customer", "agent", "supervisor", "interpreter", "ivr", "other")
"""What a participant may be in a session; ``ivr`` is a system's voice that makes announcements."""

_SIDES = {"left": 0, "right": 1}


def role_problem(role: str) -> str | None:
    """What is wrong with a role, as a sentence with what was meant or is accepted; None where it is one.

    >>> role_problem("agnt")
    "'agnt' is not a role, did you mean 'agent'? accepted are client, counsellor, customer, agent, supervisor, \
interpreter, ivr, other"
    """
    if role in ROLES:
        return None
    near = get_close_matches(role.lower(), ROLES, 1)
    hint = f", did you mean '{near[0]}'?" if near else ";"
    return f"'{role}' is not a role{hint} accepted are {', '.join(ROLES)}"


def parse_person(text: str) -> tuple[str | None, str | None]:
    """Participant and role in ``ROLE``, ``PARTICIPANT:ROLE`` or ``PARTICIPANT:``.

    Raises
    ------
    ConfigError
        Where the role is none.

    Examples
    --------
    >>> parse_person("agent"), parse_person("Anna:client"), parse_person("Anna:")
    ((None, 'agent'), ('Anna', 'client'), ('Anna', None))
    """
    name, _, role = text.rpartition(":")
    if name.strip() and not role.strip():
        return name.strip(), None
    problem = role_problem(role.strip())
    if problem:
        raise ConfigError(problem)
    return name.strip() or None, role.strip()


def channel_problem(names: Mapping[str, str]) -> str | None:
    """What is wrong with a map of channels to people, as a sentence; None where it can be followed."""
    numbers: dict[int, str] = {}
    for channel, person in names.items():
        number = _number(channel)
        if number is None:
            near = get_close_matches(str(channel).lower(), _SIDES, 1)
            hint = f", did you mean '{near[0]}'?" if near else ";"
            return f"'{channel}' is not a channel{hint} accepted are left, right, or a number from 1"
        if number in numbers:
            return f"'{channel}' and '{numbers[number]}' are the same channel; name each once"
        numbers[number] = channel
        name, _, role = (part.strip() for part in str(person).rpartition(":"))
        if (problem := role_problem(role)) and (role or not name):
            return f"{channel}: {problem}"
    return None


def people_on_channels(
    names: Mapping[str, str], channel_of: Mapping[str, int], count: int
) -> dict[str, tuple[str | None, str | None]]:
    """Participant and role of speakers, by label, from what is said of their channels.

    Parameters
    ----------
    names : mapping
        ``diarization.channels``: ``left: agent``.
    channel_of : mapping
        The channel of each speaker, from 0.
    count : int
        Channels in the recording.

    Raises
    ------
    ConfigError
        Where a channel or role does not exist.
    """
    if problem := channel_problem(names):
        raise ConfigError(f"diarization.channels: {problem}")
    by_number = {_number(channel): (channel, person) for channel, person in names.items()}
    for number, (channel, _) in by_number.items():
        if number is not None and number >= count:
            raise ConfigError(f"diarization.channels: '{channel}' is not there; the recording has {count} channels")
    return {label: parse_person(by_number[each][1]) for label, each in channel_of.items() if each in by_number}


def channel_name(number: int, count: int) -> str:
    """What to call a channel: left and right of two, else its number from 1.

    >>> channel_name(1, 2), channel_name(1, 3)
    ('right', '2')
    """
    return ("left", "right")[number] if count == 2 else str(number + 1)


def parse_pairs(text: str, option: str, example: str) -> dict[str, str]:
    """``left=agent,right=customer`` as a dict.

    Raises
    ------
    ConfigError
        Where a part has no equals sign, or one side of it is empty, or the left side stands there twice.
    """
    pairs: dict[str, str] = {}
    for part in text.split(","):
        left, equals, right = (each.strip() for each in part.partition("="))
        if not (left and equals and right) or left in pairs:
            raise ConfigError(f"{option} {text}: '{part.strip()}' is not understood; write it as {example}")
        pairs[left] = right
    return pairs


def check_labels(given: Sequence[str], labels: Sequence[str]) -> None:
    """Make sure that roles are given to speakers that there are.

    Raises
    ------
    ConfigError
        Where there is no such speaker.
    """
    for label in given:
        if label not in labels:
            has = f"the recording has {', '.join(labels)}" if labels else "nobody speaks in the recording"
            raise ConfigError(f"--roles {label}: no speaker is called that; {has}; nothing was stored")


def _number(channel: str) -> int | None:
    text = str(channel).strip().lower()
    if text in _SIDES:
        return _SIDES[text]
    return int(text) - 1 if text.isdecimal() and int(text) > 0 else None
