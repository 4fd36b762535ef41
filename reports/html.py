"""Reports: one HTML file each, which works offline and prints to A4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diarization.errors import TurntoneError
from diarization.files import write_whole

from .figure_list import CASE_FIGURES, SESSION_FIGURES, FigureEntry, has_data, message_of
from .flags import Findings, find_flags, rules_for
from .language import LanguageName, listed, say, speaking, spoken, translated
from .measure_tables import measure_tables
from .measures import find_measures, participants_of, speaker_names
from .methods import case_methods, citations, models_of, session_methods
from .report_rows import case_tables, facts_of, session_rows, sessions_words, turn_rows
from .similarity import MOST_SESSIONS, Similarity, session_similarity
from .summaries import MOST_PEOPLE, Sentence, case_summary, session_summary
from .wording import clock

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pipeline.sessions import Session

    from .flags import Rule

__all__ = ["CAUTIONS", "case_report", "cautions_of", "models_of", "session_report", "write_report"]

CAUTIONS = (
    "This report says how voices sounded, as a model hears them; it does not say what anybody felt.",
    "A single turn is often wrong; shares and courses over many turns mean more than any one of them.",
    "Valence and arousal are derived from the emotion scores by published norms (Russell and Mehrabian 1977), they are "
    "not measured on their own.",
    "Models trained on acted or foreign speech hear unfamiliar voices, languages and ages less well.",
    "p is how often chance alone would make such a difference or a larger one: 0.01 means once in a hundred times. It "
    "takes no account of how a recording was made; another room or microphone changes how everybody sounds.",
    "No decision about a person should rest on it alone.",
)
"""What every report says of its limits."""

_BUILT_IN = (
    "Emotions were scored by the small built-in model, which learnt from German sentences acted by a few people; of "
    "real conversations and other languages it is often wrong."
)


def cautions_of(sessions: Iterable[Session]) -> list[str]:
    """How to read the results of sessions, and how not to, in the language spoken."""
    recognizers = [each.provenance.get("recognizer") or {} for each in sessions]
    built_in = any(each.get("name") == "embedded" for each in recognizers)
    return [say(each) for each in ((*CAUTIONS[:1], _BUILT_IN, *CAUTIONS[1:]) if built_in else CAUTIONS)]


_SOURCES = {
    "halves": "Valence, first and second half",
    "first and last": "Valence, first and last session",
    "similarity": "How alike the sessions are",
    "trends": "What rises or falls over the dates",
    "turns": "Turns",
    "sessions": "Sessions",
}
"""What the sources of sentences are called that are no measures."""

_FIGURE_OF = {"similarity": "similarity", "trends": "case-trends"}
"""The figures that show a source."""


@dataclass(frozen=True)
class Drawing:
    """A figure in a report.

    Parameters
    ----------
    number : int
        From 1.
    anchor, heading, about : str
        What links name, a heading, and how to read it.
    light, dark : str
        The figure in both themes, as JSON that may stand in a script; empty where there is only a message.
    height, narrowest : int
        Its pixels, and the width it needs at least.
    message : str
        What is missing, where nothing is drawn.
    """

    number: int
    anchor: str
    heading: str
    about: str
    light: str
    dark: str
    height: int
    narrowest: int
    message: str


def session_report(
    session: Session, *, language: LanguageName | None = None, rules: Sequence[Rule] | None = None
) -> str:
    """The report of one session, as a self-contained HTML page.

    Parameters
    ----------
    session : Session
        Also one without turns.
    language : str, optional
        ``en`` or ``zh``; what is spoken here (English) where left out.
    rules : sequence of Rule, optional
        Of the flags; those that go by the speakers' roles where left out.
    """
    with speaking(language):
        tables = measure_tables(session)
        return _render(
            "session.html",
            title=_session_title(session),
            session=session,
            notes=[translated(note) for note in session.notes],
            summary=_traced(session_summary(session), ["talk_share", "emotion_share", "halves"] if tables else []),
            flagged=[_flagged(session, find_flags(session, rules_for(session) if rules is None else rules))],
            drawings=list(_drawn(session)),
            tables=tables,
            turns=turn_rows(session),
            facts=facts_of(session),
            cautions=cautions_of([session]),
            methods=session_methods(session),
            citations=citations([session]),
            models=models_of(session),
        )


def case_report(
    name: str,
    sessions: Sequence[Session],
    *,
    language: LanguageName | None = None,
    rules: Sequence[Rule] | None = None,
) -> str:
    """The report of a case, as a self-contained HTML page.

    Parameters
    ----------
    name : str
        The case.
    sessions : sequence of Session
        Of the case, by date.
    language, rules
        As for ``session_report``.
    """
    with speaking(language):
        people = participants_of(sessions)[:MOST_PEOPLE]
        similarities = {person: session_similarity(sessions, person) for person in people}
        found = [(each, find_flags(each, rules_for(each) if rules is None else rules)) for each in sessions]
        rows = session_rows(sessions)
        return _render(
            "case.html",
            title=say("Case {name}", name=name),
            under=sessions_words(len(sessions)),
            sessions=rows,
            summary=_traced(case_summary(name, sessions, similarities), None, people),
            flagged=_once(
                [_flagged(each, findings, row["title"]) for (each, findings), row in zip(found, rows, strict=True)]
            ),
            drawings=list(_drawn_of_people(sessions, people, similarities)),
            tables=case_tables(sessions, people),
            cautions=cautions_of(sessions),
            methods=case_methods(sessions),
            citations=citations(sessions, of_case=True),
            models=_distinct([model for session in sessions for model in models_of(session)]),
        )


def write_report(path: Path | str, html: str) -> None:
    """Write a report, whole or not at all; its folder is made where it does not exist.

    A file that ends in ``.pdf`` is printed by an installed browser.

    Raises
    ------
    TurntoneError
        Where it cannot be written, or there is no browser for a PDF; an earlier file of that name is then as it was.
    """
    path = Path(path)
    content = _printed(html) if path.suffix.lower() == ".pdf" else html.encode("utf-8", "replace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)  # names of files need not be text
    except OSError as error:
        why = error.strerror or str(error)
        raise TurntoneError(f"{path}: the report cannot be written ({why}); choose another --output") from None


def _printed(html: str) -> bytes:
    from .browser import print_page

    return print_page(html)


def _session_title(session: Session) -> str:
    if session.date:
        return say("Session of {day}", day=session.date.isoformat())
    return say("Session {name}", name=session.recording.path.name)


def _traced(
    sentences: Sequence[Sentence], known: Sequence[str] | None, people: Sequence[str] = ()
) -> list[dict[str, str | None]]:
    """Each sentence with what it was made from and where that stands in the report."""
    return [
        {"text": str(each), "source": _source_words(each.source), "anchor": _anchor(each, known, people)}
        for each in sentences
    ]


def _source_words(source: str) -> str:
    return say(_SOURCES[source]) if source in _SOURCES else say(find_measures([source])[0].title)


def _anchor(sentence: Sentence, known: Sequence[str] | None, people: Sequence[str]) -> str:
    if sentence.source in ("turns", "sessions"):
        return sentence.source
    if known is not None:
        return row_anchor(sentence.source) if sentence.source in known else "turns"
    person = people.index(sentence.person) if sentence.person in people else 0
    if sentence.source in _FIGURE_OF:
        return f"figure-{person}-{_FIGURE_OF[sentence.source]}"
    return row_anchor(sentence.source, person)


def row_anchor(source: str, table: int | None = None) -> str:
    """What links to a row of a table name: a measure, and in a case the number of the participant.

    >>> row_anchor("first and last", 1)
    'row-1-first-and-last'
    """
    return "-".join(["row", *([] if table is None else [str(table)]), *source.split()])


def _flagged(session: Session, findings: Findings, title: str = "") -> dict[str, Any]:
    """What the template of flags needs of one session."""
    names = speaker_names(session)
    flags = [
        {
            "title": say(flag.rule.title),
            "about": say(flag.rule.about) if flag.rule.about else "",
            "sentence": flag.sentence,
            "turns": [(each.turn, clock(each.start), names[each.speaker]) for each in flag.evidence],
        }
        for flag in findings.flags
    ]
    missing = [
        (say(each.rule.title), translated(names.get(each.speaker or "", "")), translated(each.reason))
        for each in findings.not_judged
    ]
    return {"title": title, "flags": flags, "missing": missing, "rules": findings.num_rules}


def _once(flagged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, with what could not be judged in several sessions said once, of all of them."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for each in flagged:
        for missing in each["missing"]:
            where.setdefault(missing, []).append(each["title"])
    shown = [{"title": listed(titles), "flags": [], "missing": [key], "rules": 1} for key, titles in where.items()]
    return [*({**each, "missing": []} for each in flagged), *shown]


def _drawn(session: Session) -> Iterator[Drawing]:
    for number, entry in enumerate(SESSION_FIGURES, 1):
        yield _drawing(number, entry.name, say(entry.title), entry, (session,), {}, 0)


def _drawn_of_people(
    sessions: Sequence[Session], people: Sequence[str], similarities: Mapping[str, Similarity]
) -> Iterator[Drawing]:
    narrowest = 120 + 52 * min(len(sessions), MOST_SESSIONS)
    number = 0
    for at, person in enumerate(people):
        for entry in CASE_FIGURES:
            number += 1
            more = {"found": similarities[person]} if entry.name == "similarity" else {}
            heading = say("{who}: {title}", who=person, title=_inside(say(entry.title)))
            yield _drawing(number, f"{at}-{entry.name}", heading, entry, (sessions, person), more, narrowest)


def _inside(title: str) -> str:
    """A heading as it stands after a name and a colon."""
    return title[:1].lower() + title[1:]


def _drawing(
    number: int,
    anchor: str,
    heading: str,
    entry: FigureEntry,
    given: tuple[Any, ...],
    more: Mapping[str, Any],
    narrowest: int,
) -> Drawing:
    light = entry.draw(*given, **more, theme="light")
    drawn = has_data(light)
    dark = _json(entry.draw(*given, **more, theme="dark")) if drawn else ""
    message = "" if drawn else message_of(light)
    height = int(light.layout.height or 400)
    return Drawing(
        number, f"figure-{anchor}", heading, say(entry.about), _json(light) if drawn else "", dark, height,
        narrowest if drawn else 0, message,
    )  # fmt: skip


def _json(figure: go.Figure) -> str:
    """A figure as JSON in which nothing ends a script."""
    return str(figure.to_json()).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _render(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    environment.filters["raw"] = Markup
    environment.globals["t"] = say
    environment.globals["row_anchor"] = row_anchor
    page = environment.get_template(template)
    return page.render(plotly=Markup(get_plotlyjs()), language=spoken(), **values)


def _distinct(models: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(model.get("name"), model.get("revision")): model for model in models}.values())
