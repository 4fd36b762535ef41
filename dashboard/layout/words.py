"""Facts in words and figures, as pages write them."""

from __future__ import annotations

import datetime

from reports.language import say, spoken, translated


def day(date: datetime.date | None) -> str:
    """A date as reports, figures and the command line write it; in Chinese as one reads it there.

    >>> day(datetime.date(2026, 3, 2)), day(None)
    ('2026-03-02', 'no date')
    """
    if date is None:
        return say("no date")
    return f"{date.year}年{date.month}月{date.day}日" if spoken() == "zh" else date.isoformat()


def days(first: datetime.date | None, last: datetime.date | None) -> str:
    """The span between two dates.

    >>> days(datetime.date(2026, 3, 2), datetime.date(2026, 4, 13)), days(None, None)
    ('2026-03-02 to 2026-04-13', 'no date')
    """
    return day(first) if first == last else say("{first} to {last}", first=day(first), last=day(last))


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "session"), count(0, "turn")
    ('1 session', '0 turns')
    """
    if spoken() == "zh":
        return say(f"{{count}} {noun}s", count=f"{number:,}")
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def person(label: str, participant: str | None, role: str | None) -> str:
    """A speaker by name where it is known, with the role where that is not the name.

    >>> person("SPEAKER_00", "Anna", "client"), person("SPEAKER_01", None, None), person("SPEAKER_01", "Agent", "agent")
    ('Anna (client)', 'SPEAKER_01', 'Agent')
    """
    name = translated(participant) if participant else label
    told = role and role.lower() != (participant or "").lower()
    return say("{name} ({role})", name=name, role=say(role)) if role and told else name


def sentence(text: str) -> str:
    """A note as a sentence: a capital at its beginning, a full stop at its end.

    >>> sentence("the models differ"), sentence("Noisy.")
    ('The models differ.', 'Noisy.')
    """
    text = text.strip()
    end = "。" if spoken() == "zh" else "."
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else end)
