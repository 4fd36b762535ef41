"""Whether a recording's parties are told apart by its channels, and what is said of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from diarization.audio import Sound
from diarization.channel_layout import ChannelLayout, layout_of
from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError, ModelError

from .roles import channel_name
from .stages.running import Run


@dataclass(frozen=True)
class ChannelChoice:
    """What the channels of a recording are, and whether speakers are told apart by them.

    Parameters
    ----------
    layout : ChannelLayout or None
        None for a mono recording, and where nobody asked.
    used : bool
        Whether each party is heard on a channel of its own.
    notes : tuple of str
        Sentences for whoever reads the session.
    """

    layout: ChannelLayout | None = None
    used: bool = False
    notes: tuple[str, ...] = ()

    def provenance(self, diarization: Diarization, count: int) -> dict[str, Any] | None:
        """JSON values: the layout with its figures, and each speaker's channel; None for a mono recording."""
        if self.layout is None:
            return None
        speakers = {label: channel_name(each, count) for label, each in diarization.channel_of.items()}
        return {"used": self.used, "layout": self.layout.to_json(), "count": count, "speakers": speakers}


def choose_channels(sound: Sound, run: Run) -> ChannelChoice:
    """Look at the channels where the config lets them decide, and from here on run the diarizer that hears them.

    ``auto`` takes the channels where there is one party on each, and where as many speakers were asked for.

    Raises
    ------
    AudioError
        Where ``channels`` is named as the backend and the recording has one channel, or copies of one.
    """
    choice = _choice(sound, run)
    if choice.used or not run.engines.config.diarization.channels:
        return choice
    return replace(choice, notes=(*choice.notes, _named_in_vain(sound)))


def _choice(sound: Sound, run: Run) -> ChannelChoice:
    forced = run.engines.config.diarization.backend == "channels"
    if sound.channels is None:
        if forced:
            raise AudioError(_too_few(sound))
        return ChannelChoice()
    if not (forced or run.engines.may_hear_channels):
        return ChannelChoice()
    layout = layout_of(sound.channels)
    if forced:
        return _forced(sound, layout)
    if layout.kind == "parties" and _count_fits(run.engines.config.diarization, len(layout.shares)):
        try:
            run.engines = run.engines.by_channel(f"diarization: channels, {layout.reason}")
        except ModelError as error:
            note = f"The recording has {layout.reason}, but its channels could not be used: {error}"
            return ChannelChoice(layout, False, (note,))
        return ChannelChoice(layout, True, (f"The speakers were told apart by their channels: {layout.reason}.",))
    return ChannelChoice(layout, False, _not_used(sound, layout))


def _forced(sound: Sound, layout: ChannelLayout) -> ChannelChoice:
    if layout.kind == "copies":
        raise AudioError(
            f"{sound.recording.path}: {layout.reason}, so they do not tell the speakers apart; "
            "analyse it with --set diarization.backend=auto"
        )
    doubt = [f"The channels were used as asked, though {layout.reason}."] if layout.kind == "scene" else []
    return ChannelChoice(layout, True, tuple(doubt))


def _named_in_vain(sound: Sound) -> str:
    what = "the recording has one channel" if sound.recording.channels == 1 else "they were not told apart by channels"
    return (
        f"Who is on which channel does not say who speaks, as {what}: say who is who with turntone sessions assign, or "
        "on the session's page."
    )


def _too_few(sound: Sound) -> str:
    count = sound.recording.channels
    has = "it has one channel" if count == 1 else f"it has {count} channels that could not be read each by itself"
    return (
        f"{sound.recording.path}: {has}, and diarization.backend=channels needs one channel for each party; "
        "analyse it with --set diarization.backend=auto"
    )


def _count_fits(config: DiarizationConfig, parties: int) -> bool:
    least, most = config.num_speakers or config.min_speakers or 0, config.num_speakers or config.max_speakers
    return least <= parties and (most is None or parties <= most)


def _not_used(sound: Sound, layout: ChannelLayout) -> tuple[str, ...]:
    if layout.kind == "copies" and not sound.quality.duplicate_channels:
        return (f"One mix of the channels was heard: {layout.reason}.",)
    if layout.kind == "single":
        return ("Only one channel holds any sound: whoever speaks was told apart by voice.",)
    return ()
