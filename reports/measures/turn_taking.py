"""Turn taking: who holds the floor, for how long, and how it passes on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from diarization.turn_texts import text_pieces

from ..resampling import Floats, median_interval
from .conversation import Conversation, Handover, Spurt
from .registry import Least, Measure
from .values import NAN, Value

BACKCHANNEL = 1.0
"""Seconds; a longer stretch of talk is no back-channel."""
HOLD = 1.0
"""Seconds around a back-channel in which the other is heard and its own speaker says nothing else."""
TERMINAL = 0.5
"""Seconds before the end of somebody's talk in which beginning to speak is no interruption."""
_WITHOUT_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese and Khmer: words without blanks between them, several characters a syllable."""


def _talk_time(talk: Conversation) -> Iterator[Value]:
    for speaker, part, seconds, _all in _talk_by_part(talk):
        yield Value(seconds, len(talk.turns_of(speaker)), speaker, part=part)


def _talk_share(talk: Conversation) -> Iterator[Value]:
    for speaker, part, seconds, everybody in _talk_by_part(talk):
        yield Value(seconds / everybody if everybody else NAN, len(talk.turns_of(speaker)), speaker, part=part)


def _session_share(talk: Conversation) -> Iterator[Value]:
    for speaker, part, seconds, _all in _talk_by_part(talk):
        start, end = talk.parts[part]
        length = min(end, talk.duration) - start
        yield Value(seconds / length if length > 0 else NAN, len(talk.turns_of(speaker)), speaker, part=part)


def _turn_count(talk: Conversation) -> Iterator[Value]:
    for speaker, part, own in _turns_by_part(talk):
        yield Value(float(len(own)), len(talk.turns_of(speaker)), speaker, part=part)


def _turn_length_mean(talk: Conversation) -> Iterator[Value]:
    for speaker, part, own in _turns_by_part(talk):
        lengths = _lengths(own)
        yield Value(float(lengths.mean()) if len(own) else NAN, len(own), speaker, part=part)


def _turn_length_median(talk: Conversation) -> Iterator[Value]:
    for speaker, part, own in _turns_by_part(talk):
        yield _median(_lengths(own), speaker, part=part)


def _longest_turn(talk: Conversation) -> Iterator[Value]:
    for speaker in talk.speakers:
        own = talk.turns_of(speaker)
        if own.empty:
            yield Value(NAN, 0, speaker)
            continue
        longest = int(_lengths(own).argmax())
        row = own.iloc[longest]
        yield Value(
            float(row["end"] - row["start"]), len(own), speaker, at=float(row["start"]), turn=_row(own, longest)
        )


def _speaking_rate(talk: Conversation) -> Iterator[Value]:
    spoken = np.array([transcribed(text) for text in talk.session.turns["text"]], bool)
    note = None if spoken.any() else "there is no transcript"
    for speaker, part, own in _turns_by_part(talk):
        said = own[spoken[own.index]]
        seconds = float(_lengths(said).sum())
        words = sum(map(count_words, said["text"]))
        yield Value(60 * words / seconds if seconds > 0 else NAN, len(said), speaker, part=part, note=note)


def transcribed(text: object) -> bool:
    """Whether the words of a text can be counted: it has any, and its script has blanks or a character a syllable."""
    return isinstance(text, str) and count_words(text) > 0 and not _WITHOUT_BLANKS.search(text)


def count_words(text: str) -> int:
    """How many words a text has; each Chinese or Japanese character counts as one.

    >>> count_words("Well, I don't know."), count_words("我不知道。")
    (4, 4)
    """
    return sum(any(letter.isalnum() for letter in piece) for piece in text_pieces(text))


def _pauses(talk: Conversation) -> Iterator[Value]:
    kept = [each for each in talk.handovers if each.before == each.after and each.silence > 0]
    for speaker in talk.speakers:
        yield _median([each.silence for each in kept if each.before == speaker], speaker)


def _gaps(talk: Conversation) -> Iterator[Value]:
    yield from _of_transfers(talk, lambda each: each.offset, lambda each: each.offset > 0)


def _overlaps(talk: Conversation) -> Iterator[Value]:
    yield from _of_transfers(talk, lambda each: -each.offset, lambda each: each.offset < 0)


def _offsets(talk: Conversation) -> Iterator[Value]:
    yield from _of_transfers(talk, lambda each: each.offset, lambda each: True)


def _latency(talk: Conversation) -> Iterator[Value]:
    by_pair: dict[tuple[str, str], list[float]] = {pair: [] for pair in talk.pairs}
    for each in talk.transfers:
        by_pair[each.after, each.before].append(each.offset)
    for (speaker, other), offsets in by_pair.items():
        yield _median(offsets, speaker, other)


def _transfer_rate(talk: Conversation) -> Iterator[Value]:
    for part, own in _transfers_by_part(talk):
        start, end = talk.parts[part]
        minutes = (min(end, talk.duration) - start) / 60
        yield Value(len(own) / minutes if minutes > 0 else NAN, len(talk.session.turns), part=part)


def _interruptions(talk: Conversation) -> Iterator[Value]:
    yield from _counted(talk, interruptions(talk))


def _backchannels(talk: Conversation) -> Iterator[Value]:
    yield from _counted(talk, backchannels(talk))


def interruptions(talk: Conversation) -> list[tuple[Spurt, Spurt]]:
    """Each stretch of talk that takes the floor from another, and the one it takes it from, by start.

    It begins more than ``TERMINAL`` seconds after the other and more than that before the other ends, and it goes on
    when the other has ended. Of several who are interrupted at once, the one who speaks longest on counts.
    """
    found = []
    for spurt, others in _overlapping(talk.spurts):
        cut = [
            other
            for other in others
            if other.start < spurt.start - TERMINAL and spurt.start + TERMINAL < other.end < spurt.end
        ]
        if cut:
            found.append((spurt, max(cut, key=lambda each: each.end)))
    return found


def backchannels(talk: Conversation) -> list[tuple[Spurt, Spurt]]:
    """Each short stretch of talk that leaves the floor with another, and the other's stretch, by start.

    It lasts less than ``BACKCHANNEL``, the other is heard within ``HOLD`` seconds before its beginning and within as
    many after its end, and its own speaker says nothing else as near.
    """
    own: dict[str, Floats] = {
        label: np.array([(each.start, each.end) for each in talk.spurts if each.speaker == label]).reshape(-1, 2)
        for label in talk.speakers
    }
    found = []
    for spurt in talk.spurts:
        if spurt.duration >= BACKCHANNEL or not _stands_alone(spurt, own[spurt.speaker]):
            continue
        around = [(label, held) for label in talk.speakers if label != spurt.speaker
                  for held in [_holding(spurt, own[label])] if held is not None]  # fmt: skip
        if around:
            label, (start, end) = max(around, key=lambda each: each[1][1] - each[1][0])
            found.append((spurt, Spurt(label, start, end)))
    return found


def _stands_alone(spurt: Spurt, own: Floats) -> bool:
    near = (own[:, 0] < spurt.end + HOLD) & (own[:, 1] > spurt.start - HOLD)
    return int(near.sum()) == 1


def _holding(spurt: Spurt, other: Floats) -> tuple[float, float] | None:
    """The other's talk around a spurt, from its first moment to its last; None where there is none on both sides."""
    before = np.flatnonzero((other[:, 0] < spurt.start) & (other[:, 1] > spurt.start - HOLD))
    after = np.flatnonzero((other[:, 1] > spurt.end) & (other[:, 0] < spurt.end + HOLD))
    return (float(other[before[0], 0]), float(other[after[-1], 1])) if len(before) and len(after) else None


def _overlapping(spurts: Sequence[Spurt]) -> Iterator[tuple[Spurt, list[Spurt]]]:
    """Each spurt with those of others that are still going on when it begins."""
    going: list[Spurt] = []
    for spurt in spurts:
        going = [each for each in going if each.end > spurt.start]
        yield spurt, [each for each in going if each.speaker != spurt.speaker]
        going.append(spurt)


def _silence_share(talk: Conversation) -> Iterator[Value]:
    yield from _shares_of_time(talk, lambda count: count > 0, lambda heard, length: 1 - heard / length)


def _overlap_share(talk: Conversation) -> Iterator[Value]:
    activity = talk.activity
    for part, (start, end) in talk.parts.items():
        speech = activity.within(activity.count > 0, start, end)
        shared = activity.within(activity.count > 1, start, end)
        yield Value(shared / speech if speech > 0 else NAN, len(talk.session.turns), part=part)


def _balance(talk: Conversation) -> Iterator[Value]:
    heard = len(talk.speakers)
    seconds = pd.DataFrame(list(_talk_by_part(talk)), columns=["speaker", "part", "seconds", "all"])
    for part in talk.parts:
        shares = seconds.loc[seconds["part"] == part, "seconds"].to_numpy(np.float64)
        yield Value(balance(shares), heard, part=part)


def balance(seconds: Floats) -> float:
    """Shannon entropy of shares, over the logarithm of their number: 1 where all are alike, 0 where one has all.

    >>> balance(np.array([30.0, 30.0])), balance(np.array([60.0, 0.0]))
    (1.0, 0.0)
    """
    if len(seconds) < 2 or seconds.sum() <= 0:
        return NAN
    shares = seconds[seconds > 0] / seconds.sum()
    return float(abs(shares @ np.log(shares)) / np.log(len(seconds)))


def _talk_by_part(talk: Conversation) -> Iterator[tuple[str, str, float, float]]:
    """Speaker, part, seconds of the speaker's talk in it, and seconds of everybody's."""
    for part, (start, end) in talk.parts.items():
        seconds = {label: _clipped(own, start, end) for label, own in talk.talk.items()}
        for label, own in seconds.items():
            yield label, part, own, sum(seconds.values())


def _clipped(spans: Floats, start: float, end: float) -> float:
    return float(np.maximum(np.minimum(spans[:, 1], end) - np.maximum(spans[:, 0], start), 0).sum())


def _turns_by_part(talk: Conversation) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Speaker, part, and the speaker's turns that begin in it."""
    for speaker in talk.speakers:
        own = talk.turns_of(speaker)
        starts = own["start"].to_numpy(np.float64)
        for part, (start, end) in talk.parts.items():
            yield speaker, part, own[(starts >= start) & (starts < end)]


def _transfers_by_part(talk: Conversation) -> Iterator[tuple[str, list[Handover]]]:
    """Part, and the transfers to those who begin in it."""
    for part, (start, end) in talk.parts.items():
        yield part, [each for each in talk.transfers if start <= each.end < end]


def _of_transfers(
    talk: Conversation, seconds: Callable[[Handover], float], chosen: Callable[[Handover], bool]
) -> Iterator[Value]:
    for part, own in _transfers_by_part(talk):
        yield _median([seconds(each) for each in own if chosen(each)], part=part)


def _shares_of_time(
    talk: Conversation,
    chosen: Callable[[np.ndarray], np.ndarray],
    share: Callable[[float, float], float],
) -> Iterator[Value]:
    activity = talk.activity
    for part, (start, end) in talk.parts.items():
        length = min(end, talk.duration) - start
        heard = activity.within(chosen(activity.count), start, min(end, talk.duration))
        yield Value(share(heard, length) if length > 0 else NAN, len(talk.session.turns), part=part)


def _counted(talk: Conversation, found: Iterable[tuple[Spurt, Spurt]]) -> Iterator[Value]:
    counts = Counter((spurt.speaker, other.speaker) for spurt, other in found)
    for speaker, other in talk.pairs:
        turns = min(len(talk.turns_of(speaker)), len(talk.turns_of(other)))
        yield Value(float(counts[speaker, other]), turns, speaker, other)


def _median(
    values: Sequence[float] | Floats, speaker: str | None = None, other: str | None = None, part: str = "session"
) -> Value:
    known = np.asarray(values, np.float64)
    low, high = median_interval(known)
    middle = float(np.median(known)) if len(known) else NAN
    return Value(middle, len(known), speaker, other, part, low=low, high=high)


def _lengths(turns: pd.DataFrame) -> Floats:
    return np.asarray(turns["end"] - turns["start"], np.float64)


def _row(turns: pd.DataFrame, position: int) -> int:
    return int(turns.index[position])


_HELDNER = "Heldner and Edlund (2010), Journal of Phonetics 38(4), 555-568"
_DIARIZED = "Who speaks is found by a model; where voices are mixed up, this is mixed up with them."
_EDGES = "It is as exact as the diarizer's edges, which are often off by a quarter of a second."
_ONE_TURN = Least(1, "turns of the speaker")
_SPEECH = Least(1, "turns in the session")
_MEDIANS = "The interval is that of the median by order statistics."

TURN_TAKING = (
    Measure(
        name="talk_time",
        title="Talk time",
        group="turn taking",
        scope="speaker",
        unit="s",
        definition="Seconds of the speaker's segments, overlap with others included; in the session and in each "
        "quarter of the recording.",
        source="Turntone: a sum",
        interpretation="How long somebody is heard.",
        caution=_DIARIZED,
        least=_ONE_TURN,
        over=_talk_time,
    ),
    Measure(
        name="talk_share",
        title="Share of the talk",
        group="turn taking",
        scope="speaker",
        unit="share, 0 to 1",
        definition="The speaker's talk time over the sum of all speakers' talk times, in the session and by quarter.",
        source="Turntone: a ratio",
        interpretation="How much of all talk is this speaker's: 0.5 is half of it.",
        caution="Overlap counts for each who speaks in it, and short answers to long questions make a small share.",
        least=_ONE_TURN,
        over=_talk_share,
    ),
    Measure(
        name="talk_share_of_session",
        title="Share of the session",
        group="turn taking",
        scope="speaker",
        unit="share, 0 to 1",
        definition="The speaker's talk time over the duration of the recording, in the session and by quarter.",
        source="Turntone: a ratio",
        interpretation="For how much of the recording this speaker is heard.",
        caution="Waiting, music and silence before and after the conversation count in the duration.",
        least=_ONE_TURN,
        over=_session_share,
    ),
    Measure(
        name="turn_count",
        title="Turns",
        group="turn taking",
        scope="speaker",
        unit="turns",
        definition="The speaker's turns, in the session and those that begin in each quarter.",
        source="Turntone: a count",
        interpretation="How often somebody speaks.",
        caution="It depends on the rules of turns (turns.max_pause, turns.min_duration); compare only what has the "
        "same.",
        least=_ONE_TURN,
        over=_turn_count,
    ),
    Measure(
        name="turn_length_mean",
        title="Mean turn",
        group="turn taking",
        scope="speaker",
        unit="s",
        definition="Mean of the turns' durations from first to last moment, pauses within included; by quarter those "
        "that begin in it.",
        source="Turntone: a mean",
        interpretation="How long somebody speaks when they speak.",
        caution="A few long turns decide it; see the median.",
        least=_ONE_TURN,
        over=_turn_length_mean,
    ),
    Measure(
        name="turn_length_median",
        title="Median turn",
        group="turn taking",
        scope="speaker",
        unit="s",
        definition=f"Median of the turns' durations; by quarter those that begin in it. {_MEDIANS}",
        source="Turntone: a median; Conover (1999), Practical Nonparametric Statistics, section 3.2, for the interval",
        interpretation="Half of the turns are shorter than this.",
        caution="Short answers and back-channels are turns too and pull it down.",
        least=_ONE_TURN,
        over=_turn_length_median,
    ),
    Measure(
        name="longest_turn",
        title="Longest monologue",
        group="turn taking",
        scope="speaker",
        unit="s",
        definition="Duration of the speaker's longest turn, with the turn and when it begins.",
        source="Turntone: a maximum",
        interpretation="The longest that somebody speaks without being relieved.",
        caution="A turn goes on through the other's silence and short sounds; longer recordings have longer ones.",
        least=_ONE_TURN,
        over=_longest_turn,
    ),
    Measure(
        name="speaking_rate",
        title="Speaking rate",
        group="turn taking",
        scope="speaker",
        unit="words a minute",
        definition="Words of the turns that have a text over their durations, pauses within included; each Chinese or "
        "Japanese character counts as a word; by quarter those that begin in it. Thai, Lao, Khmer and Burmese, which "
        "put no blanks between words, are left out.",
        source="Goldman-Eisler (1968), Psycholinguistics: Experiments in Spontaneous Speech, chapter 1",
        interpretation="How fast somebody talks: conversation in English has about 120 to 200 words a minute, in "
        "Mandarin about 200 to 300 characters.",
        caution="A stand-in for syllables: languages have words of different lengths, subtitles shorten what is said, "
        "and long pauses within turns slow it; compare a person with themselves, in one language and one kind of "
        "transcript.",
        least=Least(4, "transcribed turns of the speaker"),
        over=_speaking_rate,
    ),
    Measure(
        name="pause_length",
        title="Median pause",
        group="turn taking",
        scope="speaker",
        unit="s",
        definition="Median silence between two stretches in which the same speaker alone is heard, nobody else in "
        f"between. {_MEDIANS}",
        source=_HELDNER,
        interpretation="How long somebody pauses before going on.",
        caution=_EDGES,
        least=Least(4, "pauses of the speaker"),
        over=_pauses,
    ),
    Measure(
        name="gap_length",
        title="Median gap",
        group="turn taking",
        scope="session",
        unit="s",
        definition="Median silence where one speaker follows another, over the transfers with silence; by quarter "
        f"those in which the follower begins in it. {_MEDIANS}",
        source=_HELDNER,
        interpretation="How long it stays quiet before another speaks.",
        caution=_EDGES,
        least=Least(4, "transfers with a gap"),
        over=_gaps,
    ),
    Measure(
        name="overlap_length",
        title="Median overlap",
        group="turn taking",
        scope="session",
        unit="s",
        definition="Median time under several voices where one speaker follows another, over the transfers with "
        f"overlap; by quarter those in which the follower is first heard alone in it. {_MEDIANS}",
        source=_HELDNER,
        interpretation="How long two speak at once when the floor passes on.",
        caution="Diarizers miss much of the overlap; the true number is rather larger.",
        least=Least(4, "transfers with overlap"),
        over=_overlaps,
    ),
    Measure(
        name="floor_transfer_offset",
        title="Floor transfer offset",
        group="turn taking",
        scope="session",
        unit="s",
        definition="Median, over all transfers, of the silence less the overlap between the last moment of one speaker "
        f"alone and the first of the next: positive in a gap, negative in an overlap; by quarter. {_MEDIANS}",
        source=_HELDNER,
        interpretation="How tightly speakers follow each other: about 0.2 s is usual (Stivers et al. 2009).",
        caution=_EDGES,
        least=Least(4, "transfers"),
        over=_offsets,
    ),
    Measure(
        name="response_latency",
        title="Response latency",
        group="turn taking",
        scope="pair",
        unit="s",
        definition="Median floor transfer offset of the transfers from the other to the speaker; negative where the "
        f"speaker tends to begin before the other has ended. {_MEDIANS}",
        source=_HELDNER,
        interpretation="How long this speaker waits before taking over from that one.",
        caution=_EDGES,
        least=Least(4, "transfers from the other to the speaker"),
        over=_latency,
    ),
    Measure(
        name="transfer_rate",
        title="Transfers a minute",
        group="turn taking",
        scope="session",
        unit="transfers a minute",
        definition="Transfers of the floor from one speaker to another over the minutes of the recording, in the "
        "session and by quarter.",
        source=_HELDNER,
        interpretation="How lively the exchange is.",
        caution="Back-channels that are heard alone count as transfers there and back.",
        least=_SPEECH,
        over=_transfer_rate,
    ),
    Measure(
        name="interruptions",
        title="Interruptions",
        group="turn taking",
        scope="pair",
        unit="interruptions",
        definition=f"How often the speaker takes the floor from the other while the other speaks: talk (pauses under "
        f"0.5 s bridged) that begins more than {TERMINAL} s after the other's beginning and more than {TERMINAL} s "
        "before the other's end, and goes on after it.",
        source="Ferguson (1977), British Journal of Social and Clinical Psychology 16, 295-302, for interruptions "
        "with simultaneous speech",
        interpretation="How often somebody is talked down.",
        caution="Finishing the other's sentence in agreement counts as well, and diarizers miss much of the overlap.",
        least=Least(1, "turns of each of the two"),
        over=_interruptions,
    ),
    Measure(
        name="backchannels",
        title="Back-channels",
        group="turn taking",
        scope="pair",
        unit="back-channels",
        definition=f"How often the speaker says something shorter than {BACKCHANNEL:g} s while the floor stays with "
        f"the other: the other is heard within {HOLD:g} s before and within {HOLD:g} s after, the speaker says nothing "
        "else as near.",
        source="Yngve (1970), Papers from the Sixth Regional Meeting of the Chicago Linguistic Society, 567-578",
        interpretation="How often somebody signals to go on, as with 'mhm'.",
        caution="Found by length and place, not by words: a short answer amid a question counts, a quiet 'mhm' that "
        "the diarizer missed does not.",
        least=Least(1, "turns of each of the two"),
        over=_backchannels,
    ),
    Measure(
        name="silence_share",
        title="Silence",
        group="turn taking",
        scope="session",
        unit="share, 0 to 1",
        definition="Share of the recording in which nobody is heard, in the session and by quarter.",
        source="Turntone: a ratio",
        interpretation="How much of the recording is quiet.",
        caution="Waiting, music and noise count as silence where the diarizer hears no speech.",
        least=_SPEECH,
        over=_silence_share,
    ),
    Measure(
        name="overlap_share",
        title="Overlap",
        group="turn taking",
        scope="session",
        unit="share, 0 to 1",
        definition="Share of the time with speech in which two or more are heard, in the session and by quarter.",
        source="Çetin and Shriberg (2006), Interspeech, 293-296",
        interpretation="How much people speak at the same time.",
        caution="Diarizers miss much of the overlap; the true share is rather larger.",
        least=_SPEECH,
        over=_overlap_share,
    ),
    Measure(
        name="balance",
        title="Balance of the talk",
        group="turn taking",
        scope="session",
        unit="0 to 1",
        definition="Shannon entropy of the speakers' talk shares over the logarithm of the number of speakers, in the "
        "session and by quarter.",
        source="Shannon (1948), Bell System Technical Journal 27, 379-423; Pielou (1966), Journal of Theoretical "
        "Biology 13, 131-144, for evenness",
        interpretation="1 where all talk alike, 0 where one talks alone.",
        caution="Balance is not quality: a client should often talk more than a counsellor.",
        least=Least(2, "speakers"),
        over=_balance,
    ),
)
"""Of speakers, pairs and the session."""
