"""What sessions say of privacy: audio that is not kept, consent that nobody has recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .masking import PrivacyConfig
from .sessions import Session

NOT_KEPT = "The audio was not kept, as the settings say: it cannot be played here."


def privacy_of(provenance: Mapping[str, Any]) -> PrivacyConfig | None:
    """The settings of privacy that a session was analysed with; None where they are not known."""
    kept = (provenance.get("config") or {}).get("privacy")
    known = {name: kept[name] for name in PrivacyConfig.model_fields if name in kept} if kept else None
    return None if known is None else PrivacyConfig.model_validate(known)


def privacy_notes(session: Session) -> list[str]:
    """What a reader has to know."""
    privacy = privacy_of(session.provenance)
    return [NOT_KEPT] if privacy is not None and not privacy.keep_audio else []
