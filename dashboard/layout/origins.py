"""Where a session's results come from: the sound, the models and their credits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dash import html

from reports.drawing import clock
from reports.html import models_of
from reports.language import say, say_many, translated

from .cards import bullets, facts

if TYPE_CHECKING:
    from pipeline.sessions import Session

_SCOPES = {"session": "this session", "case": "the case"}
_KINDS = {"diarizer": "Who spoke when", "recognizer": "Emotions"}


def sound_of(session: Session) -> html.Dl:
    """The recording's facts and what was measured of its sound."""
    recording, quality = session.recording, session.quality
    channels = say_many(recording.channels, "{count} channel", "{count} channels")
    shown = [
        (say("File"), html.Span(str(recording.path), className="path")),
        (say("Format"), f"{clock(recording.duration)}, {recording.sampling_rate:,} Hz, {channels}"),
        (say("Speech level"), _measured(quality.get("level_dbfs"), say("{:.0f} dB of full scale"))),
        (say("Signal to noise"), _measured(quality.get("snr_db"), say("about {:.0f} dB"))),
        (say("Reaches up to"), _measured(_kilo(quality.get("bandwidth_hz")), "{:.1f} kHz")),
        (say("Quiet parts of the signal"), _measured(_per_cent(quality.get("silence")), "{:.0f} %")),
        (say("Clipped samples"), _measured(_per_cent(quality.get("clipping")), "{:.1f} %")),
        ("SHA-256", html.Code(recording.id[:16] + "…", title=recording.id)),
    ]
    return facts(shown)


def provenance_of(session: Session) -> Any:
    """The models with their revisions, and with what and when they ran."""
    known = session.provenance
    shown: list[tuple[str, Any]] = [(say(_KINDS[kind]), _engine(known[kind])) for kind in _KINDS if kind in known]
    shown += [(say("Chosen"), _lines(map(translated, known["choices"])))] if known.get("choices") else []
    shown += [(say("Relative to"), _lines(_baselines(known["baselines"])))] if known.get("baselines") else []
    versions = known.get("versions") or {}
    shown += [("Turntone", versions["turntone"])] if "turntone" in versions else []
    shown += [(say("Device"), known["device"])] if "device" in known else []
    shown += (
        [(say("Analysed"), str(known["analysed"]).replace("T", " ").replace("+00:00", " UTC"))]
        if "analysed" in known
        else []
    )
    return facts(shown)


def credits_of(*sessions: Session) -> Any:
    """Who made the models of some sessions, and their licences; each model once."""
    found = {(model.get("name"), model.get("revision")): model for each in sessions for model in models_of(each)}
    lines = []
    for model in found.values():
        said = ", ".join(str(each) for each in (model.get("credit"), model.get("licence")) if each)
        lines.append([html.B(str(model.get("name"))), f": {said}" if said else ""])
    return bullets(lines) if lines else html.P(say("The models are not recorded."))


def _engine(engine: Mapping[str, Any]) -> Any:
    models = [
        html.Div(
            [html.Span(str(model.get("name"))), html.Code(short_revision(str(model.get("revision", ""))))],
            className="model",
        )
        for model in engine.get("models", [])
    ]
    return html.Div([html.Span(f"{engine.get('name')}"), *models])


def short_revision(revision: str) -> str:
    """A hash by its first digits, anything else as it is."""
    return revision[:12] if re.fullmatch(r"[0-9a-f]{32,}", revision) else revision


def _baselines(baselines: list[Mapping[str, Any]]) -> list[str]:
    return [
        say(
            "{who}: own average over {scope}, {count} stretches of speech",
            who=each.get("participant") or each.get("speaker"),
            scope=say(_SCOPES.get(each.get("scope", ""), "")),
            count=each.get("num_turns"),
        )
        for each in baselines
    ]


def _lines(sentences: Iterable[str]) -> html.Div:
    return html.Div([html.Div(each) for each in sentences])


def _measured(value: float | None, pattern: str) -> str:
    return say("not measurable") if value is None else pattern.format(value).replace("-", "−")


def _kilo(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _per_cent(value: float | None) -> float | None:
    return None if value is None else 100 * value
