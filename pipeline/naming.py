"""Who is who by what the settings and the command line say: of channels, and of speakers' labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diarization.diarizations import Diarization

from .roles import channel_name, check_labels, parse_person, people_on_channels
from .sessions import Session

People = dict[str, tuple[str | None, str | None]]
"""Participant and role by speaker label."""


@dataclass(frozen=True)
class Naming:
    """What is said beforehand of who speaks.

    Parameters
    ----------
    channels : mapping
        ``diarization.channels``.
    roles : mapping, optional
        A role or ``PARTICIPANT:ROLE`` by speaker label; it goes over the channels.
    """

    channels: Mapping[str, str]
    roles: Mapping[str, str] | None = None

    def people(self, diarization: Diarization, count: int) -> People:
        """Participant and role of the speakers who were named, in a recording of ``count`` channels.

        Raises
        ------
        ConfigError
            Where a channel, speaker or role does not exist.
        """
        return self._people(diarization.channel_of, diarization.speakers, count)

    def changes(self, session: Session) -> People:
        """The same for a session, without those who are called so already; names once given stay."""
        count = session.recording.channels
        numbers = {channel_name(each, count): each for each in range(count)}
        channel_of = {label: numbers[name] for label, name in session.channels.items()}
        rows = {row["label"]: (row["participant"], row["role"]) for row in session.speakers.to_dict("records")}
        named = self._people(channel_of, list(rows), count)
        changed = {label: (name or rows[label][0], role or rows[label][1]) for label, (name, role) in named.items()}
        return {label: each for label, each in changed.items() if each != rows[label]}

    def _people(self, channel_of: Mapping[str, int], labels: list[str], count: int) -> People:
        by_channel = people_on_channels(self.channels, channel_of, count) if channel_of else {}
        by_label = {label: parse_person(each) for label, each in (self.roles or {}).items()}
        check_labels(list(by_label), labels)
        return {**by_channel, **by_label}
