"""All models: which there are, where their files lie, how they come there, and whether they are what they should be.

The names that the rest of the program uses; the work is done in ``diarization/models/``.
"""

from .models.catalog import CATALOG, ModelEntry, entry_of
from .models.fetching import fetch_model
from .models.files import (
    InstalledModel,
    ModelCheck,
    check_model,
    find_model,
    folder_of,
    installed,
    models_home,
    require_model,
    revision_of,
    revision_of_folder,
)
from .models.packing import pack_models, unpack_models

__all__ = [
    "CATALOG",
    "InstalledModel",
    "ModelCheck",
    "ModelEntry",
    "check_model",
    "entry_of",
    "fetch_model",
    "find_model",
    "folder_of",
    "installed",
    "models_home",
    "pack_models",
    "require_model",
    "revision_of",
    "revision_of_folder",
    "unpack_models",
]
