"""Lets pages that are served for weeks keep no copies of what other machines removed from a shared workspace."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Thread

from diarization.errors import TurntoneError
from pipeline.store.shared import shared_of
from pipeline.workspace import Workspace

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN = 60.0  # seconds; ``keep_swept`` does something every ten minutes


def keep_copies_swept(folder: Path) -> Thread | None:
    """Sweep a folder for as long as this process lives; nothing where the folder is the workspace itself."""
    if shared_of(folder) is None:
        return None
    sweeper = Thread(target=_sweep, args=(Workspace(folder),), name="sweeper", daemon=True)
    sweeper.start()
    return sweeper


def _sweep(workspace: Workspace) -> None:
    while True:
        try:
            workspace.keep_swept()
        except TurntoneError as error:
            _LOG.warning("%s", error)
        except Exception:  # what was forgotten has to go from here later, whatever happened now
            _LOG.exception("copies could not be swept; trying again")
        time.sleep(_LOOK_AGAIN)
