"""What sessions say of privacy: audio that is not kept, consent that nobody has recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .masking import PrivacyConfig
from .sessions import Session

NO_CONSENT = (
    "Nobody has said that those who speak here consent to the analysis: ask them, then say it with turntone "
    "participants consent, or analyze --consent yes."
)
NOT_KEPT = "The audio was not kept, as the settings say: it cannot be played here."


def privacy_of(provenance: Mapping[str, Any]) -> PrivacyConfig | None:
    """The settings of privacy that a session was analysed with; None where they are not known."""
    kept = (provenance.get("config") or {}).get("privacy")
    known = {name: kept[name] for name in PrivacyConfig.model_fields if name in kept} if kept else None
    return None if known is None else PrivacyConfig.model_validate(known)


def privacy_notes(session: Session, consents: Sequence[bool | None]) -> list[str]:
    """What a reader has to know; ``consents`` is what each speaker has said to the analysis."""
    forgotten = sum(float(each["seconds"]) for each in session.provenance.get("forgotten") or ())
    gone = [f"A participant was forgotten here: their turns are gone, and {forgotten:.0f} s of the audio are silent."]
    gone = gone * ("forgotten" in session.provenance)
    privacy = privacy_of(session.provenance)
    if privacy is None:
        return gone
    said = (session.provenance.get("about") or {}).get("consent") or (consents and all(consents))
    return gone + [NOT_KEPT] * (not privacy.keep_audio) + [NO_CONSENT] * (privacy.consent != "off" and not said)
