"""ELAN .eaf: a tier per speaker, and below it a tier of emotions with a controlled vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from ..errors import FormatError
from .checks import file_turn
from .textgrid import EMOTION_TIER
from .turn_files import FileTurn, TurnCodec, TurnFile, tiers_of, turn_file
from .xml import Element, parse_xml

_VOCABULARY = "emotions"
_SPEECH_TYPE, _EMOTION_TYPE = "speech", "emotion"


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    root = parse_xml(text, name)
    if root.name != "ANNOTATION_DOCUMENT":
        raise FormatError(f"{name}: line {root.line}: <{root.name}> where ELAN begins with <ANNOTATION_DOCUMENT>")
    slots = {slot.attributes.get("TIME_SLOT_ID", ""): slot for slot in root.find_all("TIME_SLOT")}
    tiers = list(root.find_all("TIER"))
    emotions = _emotions(tiers)
    speakers = [tier for tier in tiers if "PARENT_REF" not in tier.attributes]
    return turn_file(turn for tier in speakers for turn in _turns(tier, slots, emotions, name))


def _emotions(tiers: Sequence[Element]) -> dict[str, str]:
    """The emotion of each annotation, by its id: what tiers of emotions below the speakers' say."""
    return {
        each.attributes.get("ANNOTATION_REF", ""): _value(each)
        for tier in tiers
        if tier.attributes.get("TIER_ID", "").endswith(EMOTION_TIER) and "PARENT_REF" in tier.attributes
        for each in tier.find_all("REF_ANNOTATION")
        if _value(each)
    }


def _turns(tier: Element, slots: dict[str, Element], emotions: dict[str, str], name: str) -> Iterator[FileTurn | None]:
    speaker = (tier.attributes.get("PARTICIPANT") or tier.attributes.get("TIER_ID", "")).strip()
    for each in tier.find_all("ALIGNABLE_ANNOTATION"):
        where = f"{name}: line {each.line}"
        start, end = (_time(each, key, slots, where) for key in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"))
        emotion = emotions.get(each.attributes.get("ANNOTATION_ID", ""))
        yield file_turn(start, end, speaker, where, _value(each), {"emotion": emotion} if emotion else {})


def _time(annotation: Element, key: str, slots: dict[str, Element], where: str) -> Decimal:
    slot = slots.get(annotation.attributes.get(key, ""))
    if slot is None:
        raise FormatError(f"{where}: {key} '{annotation.attributes.get(key, '')}' is no time slot of the file")
    value = slot.attributes.get("TIME_VALUE", "")
    if not value.isdigit():
        raise FormatError(
            f"{where}: its time slot has '{value}' where milliseconds from 0 up are needed; align it in ELAN"
        )
    return Decimal(value) / 1000


def _value(annotation: Element) -> str:
    return next((each.text.strip() for each in annotation.find_all("ANNOTATION_VALUE")), "")


def _format(turns: Sequence[FileTurn], recording: str, _duration: float) -> str:
    return "\n".join(_document(tiers_of(turns, "ELAN"), recording)) + "\n"


def _document(tiers: dict[str, list[FileTurn]], recording: str) -> Iterator[str]:
    own = {turn: number for number, turn in enumerate((id(turn) for each in tiers.values() for turn in each), 1)}
    emotions = sorted({turn.labels["emotion"] for each in tiers.values() for turn in each if "emotion" in turn.labels})
    now = datetime.now(UTC).isoformat(timespec="seconds")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<ANNOTATION_DOCUMENT AUTHOR="" DATE="{now}" FORMAT="3.0" VERSION="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">'
    )
    yield '  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">'
    yield f'    <PROPERTY NAME="recording">{escape(recording)}</PROPERTY>'
    yield "  </HEADER>"
    yield "  <TIME_ORDER>"
    for turns in tiers.values():
        for turn in turns:
            for letter, time in (("s", turn.start), ("e", turn.end)):
                yield f'    <TIME_SLOT TIME_SLOT_ID="{letter}{own[id(turn)]}" TIME_VALUE="{round(time * 1000)}"/>'
    yield "  </TIME_ORDER>"
    for speaker, turns in tiers.items():
        yield from _tier(speaker, turns, own)
    yield f'  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="{_SPEECH_TYPE}" TIME_ALIGNABLE="true"/>'
    if emotions:
        yield (
            f'  <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" CONTROLLED_VOCABULARY_REF="{_VOCABULARY}" '
            f'GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="{_EMOTION_TYPE}" TIME_ALIGNABLE="false"/>'
        )
        yield '  <LANGUAGE LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001" LANG_ID="eng" LANG_LABEL="English (eng)"/>'
        yield (
            '  <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>'
        )
        yield from _vocabulary(emotions)
    yield "</ANNOTATION_DOCUMENT>"


def _tier(speaker: str, turns: Sequence[FileTurn], own: dict[int, int]) -> Iterator[str]:
    name = escape(speaker)
    yield f'  <TIER LINGUISTIC_TYPE_REF="{_SPEECH_TYPE}" PARTICIPANT="{name}" TIER_ID="{name}">'
    for turn in turns:
        number = own[id(turn)]
        yield (
            f'    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="s{number}" '
            f'TIME_SLOT_REF2="e{number}"><ANNOTATION_VALUE>{escape(turn.text)}</ANNOTATION_VALUE>'
            "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        )
    yield "  </TIER>"
    felt = [turn for turn in turns if "emotion" in turn.labels]
    if not felt:
        return
    yield (
        f'  <TIER LINGUISTIC_TYPE_REF="{_EMOTION_TYPE}" PARENT_REF="{name}" PARTICIPANT="{name}" '
        f'TIER_ID="{name}{EMOTION_TIER}">'
    )
    for turn in felt:
        number, emotion = own[id(turn)], turn.labels["emotion"]
        yield (
            f'    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="m{number}" ANNOTATION_REF="a{number}" '
            f'CVE_REF="{_entry(emotion)}"><ANNOTATION_VALUE>{escape(emotion)}</ANNOTATION_VALUE>'
            "</REF_ANNOTATION></ANNOTATION>"
        )
    yield "  </TIER>"


def _vocabulary(emotions: Sequence[str]) -> Iterator[str]:
    yield f'  <CONTROLLED_VOCABULARY CV_ID="{_VOCABULARY}">'
    yield '    <DESCRIPTION LANG_REF="eng">What a turn sounds most like</DESCRIPTION>'
    for emotion in emotions:
        yield (
            f'    <CV_ENTRY_ML CVE_ID="{_entry(emotion)}"><CVE_VALUE LANG_REF="eng">{escape(emotion)}</CVE_VALUE>'
            "</CV_ENTRY_ML>"
        )
    yield "  </CONTROLLED_VOCABULARY>"


def _entry(emotion: str) -> str:
    """The id of a vocabulary's entry: letters and digits only."""
    return "cve_" + "".join(letter if letter.isalnum() else "_" for letter in emotion)


def _recognizes(text: str) -> bool:
    return "<ANNOTATION_DOCUMENT" in text[:2000]


CODEC = TurnCodec("eaf", "ELAN", (".eaf",), frozenset({"text", "emotion"}), _recognizes, _parse, _format)
