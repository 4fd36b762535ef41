"""Embeddings as ``.npy`` files with a table of their rows."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .tables import csv_of, turn_rows

if TYPE_CHECKING:
    from pipeline.sessions import Session


def embedding_files(session: Session) -> dict[str, bytes]:
    """``.npy``, shape (num_turns, dimension), rows in the order of ``.csv``; ``.speakers.npy``, a row a speaker."""
    table = turn_rows([session])
    columns = [each for each in table.columns if not each.startswith("score_")]
    return {
        ".npy": npy_of(session.arrays.embeddings),
        ".csv": csv_of(table[columns]),
        ".speakers.npy": npy_of(session.arrays.speaker_embeddings),
    }


def npy_of(array: NDArray[Any]) -> bytes:
    """An array as the bytes of an ``.npy`` file, without pickled objects."""
    file = BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
