"""Plain-language summaries: each sentence is made by a template from one measure, and says which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .between.blocks import least_turns
from .between.case_turns import CaseTurns
from .between.corrections import corrected
from .between.trends import NUMBING, case_trends
from .changes import chance_of_course, change_between, change_within
from .comparisons import comparison, session_titles
from .language import listed, say, say_many, sentences, translated
from .measures import case_affect, case_shares, emotion_shares, participants_of, speaker_names, talk_time
from .resampling import Floats, interval, mean_of
from .similarity import Similarity, session_similarity
from .turns import LEAST_TURNS, durations_of, scored_turns
from .wording import by_chance, clock, number

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_PEOPLE = 6
"""Speakers or participants that a summary speaks of; of more, those who are heard longest."""

_MOST_SESSIONS = 6
_MOST_RIVALS = 3
_SMALL_P = 0.05
_SMALLEST_CHANGE = 0.05
_SMALLEST_SHARE = 0.05


class Sentence(str):
    """A sentence of a summary that knows what it was made from.

    Parameters
    ----------
    text : str
        In the language spoken.
    source : str
        What it says: the name of a measure, or ``halves`` (valence in the halves of a session), ``first and last``,
        ``similarity``, ``trends`` and ``turns``; a report has a row, a figure or a table for each.
    person : str or None
        Of whom in a case; None in a session.
    """

    source: str
    person: str | None

    def __new__(cls, text: str, source: str, person: str | None = None) -> Self:
        sentence = super().__new__(cls, text)
        sentence.source, sentence.person = source, person
        return sentence


def _of(source: str, texts: Iterable[str | None], person: str | None = None) -> list[Sentence]:
    return [Sentence(text, source, person) for text in texts if text]


def session_summary(session: Session) -> list[Sentence]:
    """What a reader should know of a session, a sentence each."""
    if session.turns.empty:
        nothing = say("No speech was found in this recording, so there are no turns and no emotions.")
        return _of("turns", [nothing])
    talk = talk_time(session)
    heard = talk.sort_values("talk_time", ascending=False, kind="stable").head(MOST_PEOPLE)
    speakers = [label for label in session.speakers["label"] if label in set(heard["speaker"])]
    return [
        *_of("talk_share", [_who(session, talk, heard)]),
        *_of("emotion_share", [_sounded(session, speaker) for speaker in speakers]),
        *_of("halves", [_course(session, speaker, len(speakers)) for speaker in speakers]),
        *_of("turns", [_unscored(session)]),
    ]


def case_summary(
    name: str, sessions: Sequence[Session], similarities: Mapping[str, Similarity] | None = None
) -> list[Sentence]:
    """What a reader should know of a case, a sentence each.

    ``similarities`` are those of its participants, by name, where they are known already.
    """
    if not sessions:
        return _of("sessions", [say("The case {name} has no sessions yet.", name=name)])
    people = participants_of(sessions)
    begins = _of("sessions", [_how_many(name, sessions)])
    if not people:
        nobody = say("Nobody has said yet who the speakers are, so nothing can be compared between sessions.")
        return [*begins, *_of("sessions", [nobody])]
    spoken_of = [
        each for person in people[:MOST_PEOPLE] for each in _between_sessions(sessions, person, similarities or {})
    ]
    others = len(people) - MOST_PEOPLE
    left = say_many(
        others, "{count} more participant is heard less.", "{count} more participants are heard less."
    )  # fmt: skip
    told = [_by_voice(sessions, person) for person in people[:MOST_PEOPLE]]
    return [*begins, *spoken_of, *_of("sessions", [left if others > 0 else None]), *_of("sessions", told)]


def _by_voice(sessions: Sequence[Session], person: str) -> str | None:
    """A sentence where in some sessions nothing but the voice says that a participant speaks."""
    tables = [session.speakers for session in sessions if person in set(session.speakers["participant"])]
    matches = [match for table in tables for match in table.loc[table["participant"] == person, "match"]]
    probabilities = [match["probability"] for match in matches if match and not match["confirmed"]]
    if not probabilities:
        return None
    known = {"who": person, "least": min(99, int(100 * min(probabilities))), "of": len(tables)}
    if len(tables) == 1:
        return say("Here it is {who} by the voice alone, at least {least} % sure; nobody has confirmed it.", **known)
    return say(
        "In {count} of {of} sessions it is {who} by the voice alone, at least {least} % sure; nobody has confirmed it.",
        count=len(probabilities),
        **known,
    )


def _who(session: Session, talk: pd.DataFrame, heard: pd.DataFrame) -> str:
    shares = [f"{name} {share:.0%}" for name, share in zip(heard["name"], heard["share"], strict=True)]
    others = len(talk) - len(heard)
    rest = f"{1 - heard['share'].sum():.0%}"
    shares += [say_many(others, "{count} other {share}", "{count} others {share}", share=rest)] if others else []
    length, turns = clock(session.recording.duration), _turns(len(session.turns))
    if len(talk) == 1:
        return say("One speaker was found in {length} of sound, in {turns}.", length=length, turns=turns)
    return say(
        "{count} speakers were found in {length} of sound, in {turns}; of the talk, {shares}.",
        count=len(talk),
        length=length,
        turns=turns,
        shares=listed(shares),
    )


def _sounded(session: Session, speaker: str) -> str:
    """The two emotions with the largest shares of a speaker's scored time."""
    name, count = speaker_names(session)[speaker], len(scored_turns(session, speaker))
    if count < LEAST_TURNS:
        return say_many(
            count,
            "{who}: not enough data to say how this voice sounded ({count} scored turn, {least} needed).",
            "{who}: not enough data to say how this voice sounded ({count} scored turns, {least} needed).",
            who=name,
            least=LEAST_TURNS,
        )
    shares = emotion_shares(session)
    own = shares[shares["speaker"] == speaker].sort_values("share", ascending=False, kind="stable")
    pairs = zip(own["emotion"], own["share"], strict=True)
    told = {emotion: say("{emotion} ({share})", emotion=say(emotion), share=f"{share:.0%}") for emotion, share in pairs}
    first, *rest = told.values()
    if not rest:
        return say("{who} sounded most often {first}, in shares of the scored time.", who=name, first=first)
    turns = scored_turns(session, speaker)
    near = rivals(turns[session.score_columns].to_numpy(np.float64), durations_of(turns))
    if near:
        others = [told[session.scheme.labels[each]] for each in near]
        return say(
            "{who} sounded most often {first}, in shares of the scored time; chance may have put it before {others}.",
            who=name,
            first=first,
            others=listed(others) if len(others) <= _MOST_RIVALS else say("most of the others"),
        )
    return say(
        "{who} sounded most often {first}, then {second}, in shares of the scored time.",
        who=name,
        first=first,
        second=rest[0],
    )


def rivals(scores: Floats, durations: Floats) -> list[int]:
    """The emotions that chance may have put behind the one with the largest share, largest first.

    Those with a share of 5 % or more whose difference from it has a 95 % interval that reaches 0; shares sum to 1, so
    their own intervals do not say that.

    Parameters
    ----------
    scores : np.ndarray, shape (turns, labels)
        At least two turns.
    durations : np.ndarray, shape (turns,)
        In seconds.
    """
    shares = mean_of(scores, durations)
    first, *others = np.argsort(-shares, kind="stable")
    low, _ = interval(scores[:, [first]] - scores[:, others], durations)
    near = zip(others, low, strict=True)
    return [int(each) for each, least in near if least <= 0 and shares[each] >= _SMALLEST_SHARE]


def _course(session: Session, speaker: str, num_speakers: int) -> str | None:
    """Whether valence differs between the halves of the speaker's time; None where that says nothing new."""
    name, change = speaker_names(session)[speaker], change_within(session, speaker)
    if change is None:
        too_few = len(scored_turns(session, speaker)) < LEAST_TURNS
        missing = say(
            "{who}: not enough data to compare the halves of the session ({least} scored turns in each half are "
            "needed).",
            who=name,
            least=LEAST_TURNS,
        )
        return None if too_few else missing
    if not change.judged:
        return say(
            "On a scale from −1, unpleasant, to +1, pleasant, {who} sounded like {before} in the first half and like "
            "{after} in the second; the turns are too few, or stay alike for too long, to tell that from chance (at "
            "least {least}, and more where neighbouring turns stay alike).",
            who=name,
            before=number(change.before, signed=True),
            after=number(change.after, signed=True),
            least=least_turns(1),
        )
    if change.chance > _SMALL_P / num_speakers:
        still = "{who} did not sound clearly more or less pleasant in the second half than in the first ({p})."
        of_several = (
            "{who} did not sound clearly more or less pleasant in the second half than in the first ({p}; with {count} "
            "speakers at most {limit} counts as clear)."
        )
        return say(
            of_several if num_speakers > 1 else still,
            who=name,
            p=by_chance(change.chance),
            count=num_speakers,
            limit=f"{_SMALL_P / num_speakers:.2g}",
        )
    words = {
        "who": name,
        "after": number(change.after, signed=True),
        "before": number(change.before, signed=True),
        "p": by_chance(change.chance),
    }
    if change.after > change.before:
        return say(
            "{who} sounded more pleasant in the second half than in the first (valence {after} after {before}, {p}).",
            **words,
        )
    return say(
        "{who} sounded less pleasant in the second half than in the first (valence {after} after {before}, {p}).",
        **words,
    )


def _unscored(session: Session) -> str | None:
    left = int((~session.turns["scored"]).sum())
    if not left:
        return None
    return say_many(
        left,
        "{count} of {turns} was not scored; the table of turns says why.",
        "{count} of {turns} were not scored; the table of turns says why.",
        turns=_turns(len(session.turns)),
    )


def _how_many(name: str, sessions: Sequence[Session]) -> str:
    dates = sorted({session.date for session in sessions if session.date})
    words = {"who": name, "sessions": say_many(len(sessions), "{count} session", "{count} sessions")}
    words["total"] = clock(sum(session.recording.duration for session in sessions))
    if len(dates) > 1:
        words |= {"first": str(dates[0]), "last": str(dates[-1])}
        return say("{who} has {sessions} from {first} to {last}, {total} of sound in all.", **words)
    if dates:
        return say("{who} has {sessions} on {day}, {total} of sound in all.", day=str(dates[0]), **words)
    return say("{who} has {sessions}, {total} of sound in all.", **words)


def _between_sessions(
    sessions: Sequence[Session], person: str, similarities: Mapping[str, Similarity]
) -> list[Sentence]:
    compared, titles = comparison(sessions, person), session_titles(sessions)
    reasons = {titles[key]: translated(reason) for key, reason in compared.left_out.items()}
    left_out = [
        say("{who}, {session}: left out; {reason}.", who=person, session=title, reason=reason)
        for title, reason in reasons.items()
    ]
    if len(compared.sessions) < 2:
        few = say(
            "{who}: not enough data to compare sessions (two with {least} scored turns are needed).",
            who=person,
            least=LEAST_TURNS,
        )
        return _of("sessions", [few, *left_out], person)
    when = {each.id: _when(each, titles) for each in sessions}
    alike = similarities.get(person) or session_similarity(sessions, person)
    return [
        *_of("case_emotion_share", [_mostly(sessions, person, when)], person),
        *_of("first and last", _valence_between(compared.sessions, person, when), person),
        *_of("trends", _valence_trend(sessions, person), person),
        *_of("case_affect", _valence_over(sessions, person, when), person),
        *_of("case_emotion_share", _emotion_between(compared.sessions, person, when), person),
        *_of("similarity", _alike_between(alike, titles), person),
        *_of("trends", _numbing(sessions, person), person),
        *_of("sessions", left_out, person),
    ]


def _when(session: Session, titles: Mapping[str, str]) -> str:
    title = titles[session.id]
    return say("on {day}", day=title) if session.date else say("in {file}", file=title)


def _mostly(sessions: Sequence[Session], person: str, when: dict[str, str]) -> str:
    """The emotion with the largest share, session by session."""
    case = CaseTurns(sessions)
    shares = case_shares(case, person)
    top = shares.loc[shares.groupby("session", sort=False)["share"].idxmax()]
    near = [bool(rivals(own.scores, own.durations)) for own in case.of(person).sessions]
    doubt = say("In {count} of the {total} chance may have put it first.", count=sum(near), total=len(near))
    doubt = doubt if any(near) else ""
    said = [
        say("{emotion} {when} ({share})", emotion=say(emotion), when=when[key], share=f"{share:.0%}")
        for key, emotion, share in zip(top["session"], top["emotion"], top["share"], strict=True)
    ]
    if len(said) > _MOST_SESSIONS:
        words = {"who": person, "first": said[0], "last": listed(said[-3:])}
        return sentences(say("{who} sounded most often {first} at first, and lately {last}.", **words), doubt)
    return sentences(say("{who} sounded most often {each}.", who=person, each=listed(said)), doubt)


def _valence_between(sessions: Sequence[Session], person: str, when: dict[str, str]) -> list[str]:
    """First session against last: whether valence differs more than shuffled turns would."""
    first, last = sessions[0], sessions[-1]
    change = change_between(first, last, person, among=sessions)
    if change is None:
        return []
    words = {
        "who": person,
        "after": number(change.after, signed=True),
        "last": when[last.id],
        "before": number(change.before, signed=True),
        "first": when[first.id],
        "p": by_chance(change.chance),
    }
    if not change.judged:
        template = (
            "On a scale from −1, unpleasant, to +1, pleasant, {who} sounded like {before} {first} and like {after} "
            "{last}; the turns are too few, or stay alike for too long, to tell that from chance (at least {least} in "
            "each session, and more where neighbouring turns stay alike)."
        )
        return [say(template, least=least_turns(1), **words)]
    if change.chance > _SMALL_P:
        template = (
            "{who} did not sound clearly more or less pleasant in the last session than in the first: valence {after} "
            "{last}, {before} {first} ({p})."
        )
        return [say(template, **words)]
    more = (
        "{who} sounded more pleasant in the last session than in the first: valence {after} {last}, {before} "
        "{first} ({p})."
    )
    less = (
        "{who} sounded less pleasant in the last session than in the first: valence {after} {last}, {before} "
        "{first} ({p})."
    )
    return [say(more if change.after > change.before else less, **words)]


def _valence_trend(sessions: Sequence[Session], person: str) -> list[str]:
    """Whether valence rises or falls over the dates, the session being the unit; nothing with too few sessions."""
    judged = [each for each in case_trends(sessions, person) if each.enough]
    found = [each for each in judged if each.key == "valence"]
    if not found:
        return []
    trend = found[0]
    words = {
        "who": person,
        "count": trend.num_sessions,
        "slope": number(trend.slope, signed=True),
        "low": number(trend.low, signed=True),
        "high": number(trend.high, signed=True),
        "p": by_chance(trend.p_corrected),
        "tests": len(judged),
    }
    if trend.p_corrected > _SMALL_P:
        template = (
            "Over the dates of {count} sessions {who} sounded neither clearly more nor clearly less pleasant: "
            "valence {slope} in 30 days (95 % interval {low} to {high}; {p}, corrected for {tests} quantities)."
        )
    elif trend.slope > 0:
        template = (
            "Over the dates of {count} sessions {who} sounded more and more pleasant: valence {slope} in 30 days "
            "(95 % interval {low} to {high}; {p}, corrected for {tests} quantities)."
        )
    else:
        template = (
            "Over the dates of {count} sessions {who} sounded less and less pleasant: valence {slope} in 30 days "
            "(95 % interval {low} to {high}; {p}, corrected for {tests} quantities)."
        )
    return [say(template, **words)]


def _valence_over(sessions: Sequence[Session], person: str, when: dict[str, str]) -> list[str]:
    """Whether valence differs anywhere between three sessions or more, and where it is lowest and highest."""
    table = case_affect(sessions, person)
    if len(table) < 3:
        return []
    chance = chance_of_course([session for session in sessions if session.id in set(table["session"])], person)
    if isnan(chance):
        return []
    if chance > _SMALL_P:
        still = "Over all the sessions {who}'s valence did not clearly move ({p})."
        return [say(still, who=person, p=by_chance(chance))]
    ordered: list[dict[Any, Any]] = table.sort_values("mean").to_dict("records")
    low, high = ordered[0], ordered[-1]
    return [
        say(
            "Over all the sessions {who}'s valence moved ({p}): lowest {low} ({least}), highest {high} ({most}).",
            who=person,
            p=by_chance(chance),
            low=when[low["session"]],
            least=number(low["mean"], signed=True),
            high=when[high["session"]],
            most=number(high["mean"], signed=True),
        )
    ]


def _emotion_between(sessions: Sequence[Session], person: str, when: dict[str, str]) -> list[str]:
    """The emotion whose share differs most between first and last session, of those that differ beyond chance."""
    first, last = sessions[0], sessions[-1]
    labels = first.scheme.labels
    changes = [change_between(first, last, person, label, among=sessions) for label in labels]
    found = [(label, change) for label, change in zip(labels, changes, strict=True) if change and change.judged]
    chances = corrected([change.chance for _, change in found], "holm").tolist() if found else list[float]()
    beyond = [
        (label, change, chance)
        for (label, change), chance in zip(found, chances, strict=True)
        if chance <= _SMALL_P and abs(change.after - change.before) >= _SMALLEST_CHANGE
    ]
    if not beyond:
        return []
    most, change, chance = max(beyond, key=lambda each: abs(each[1].after - each[1].before))
    words = {
        "who": person,
        "emotion": say(most),
        "after": f"{change.after:.0%}",
        "last": when[last.id],
        "before": f"{change.before:.0%}",
        "first": when[first.id],
        "p": by_chance(chance),
        "tests": len(found),
    }
    more = (
        "The largest change of an emotion: {who} sounded more {emotion}, {after} of the scored time {last} after "
        "{before} {first} ({p}, corrected for {tests} emotions)."
    )
    less = (
        "The largest change of an emotion: {who} sounded less {emotion}, {after} of the scored time {last} after "
        "{before} {first} ({p}, corrected for {tests} emotions)."
    )
    return [say(more if change.after > change.before else less, **words)]


def _alike_between(found: Similarity, titles: dict[str, str]) -> list[str]:
    """How many pairs of sessions differ more than their turns do when shuffled."""
    if not found.enough:
        return []
    person, differ, pairs = found.participant, found.differing(), len(found.judged)
    if not pairs:
        few = (
            "{who}: the turns are too few, or stay alike for too long, to say whether the voice as a whole differs "
            "between sessions by more than chance (at least {least} in each of two sessions, and more where "
            "neighbouring turns stay alike)."
        )
        return [say(few, who=person, least=least_turns(1))]
    every = len(found.sessions) * (len(found.sessions) - 1) // 2
    if every == 1:
        does = "{who}'s voice as a whole differs between the two sessions more than chance alone would make it."
        not_ = "{who}'s voice as a whole: no difference between the two sessions is shown beyond chance."
        return [say(does if differ else not_, who=person)]
    if not differ:
        none = (
            "{who}'s voice as a whole: a difference beyond chance is shown in none of the pairs of sessions that could "
            "be tested ({pairs} of {all})."
        )
        return [say(none, who=person, pairs=pairs, all=every)]
    most = min(differ, key=lambda pair: float(np.nan_to_num(found.cosine[pair], nan=1.0)))
    apart = listed([titles[found.sessions[index].id] for index in most])
    return [
        say(
            "{who}'s voice as a whole differs more than chance alone would make it in {count} of the pairs of sessions "
            "that could be tested ({pairs} of {all}), most between {apart}.",
            who=person,
            count=len(differ),
            pairs=pairs,
            all=every,
            apart=apart,
        )
    ]


def _numbing(sessions: Sequence[Session], person: str) -> list[str]:
    """What a rising share of neutral speech may mean."""
    notes = [each.note for each in case_trends(sessions, person) if each.note == NUMBING]
    return [say("{who}: {note}.", who=person, note=translated(note)) for note in notes if note]


def _turns(count: int) -> str:
    return say_many(count, "{count} turn", "{count} turns")
