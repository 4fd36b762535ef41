"""Makes pyannote.audio ready to be imported: nothing is sent anywhere, and its harmless warnings are not shown."""

from __future__ import annotations

import os
import warnings

from .torchaudio_import import prepare_torchaudio

_HARMLESS = (
    r"\s*torchcodec is not installed correctly",  # sound reaches pyannote as samples, never as a file
    r"std\(\): degrees of freedom is <= 0",  # pooling over a mask of one frame
    r"(?s)\s*The detected number of speakers",  # a recording too short for the number asked for
    r"(?s).*TensorFloat-32 \(TF32\) has been disabled",
    r"`torchaudio",  # deprecations inside pyannote's own dependencies
    r"The 'repr' attribute with value",
    r"Lightning automatically upgraded your loaded checkpoint",
)


def prepare_pyannote() -> None:
    """Switch pyannote's telemetry off and silence its known harmless warnings; call it before every pyannote import.

    The telemetry switch is assigned, not defaulted: pyannote.audio 4 reports every pipeline run (with the number of
    speakers and the duration of the file) unless it is told not to, whatever the user's shell says.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    for message in _HARMLESS:
        warnings.filterwarnings("ignore", message=message)
    prepare_torchaudio()
