"""A map of turns by their embeddings, to look at: what lies close sounded alike to the recogniser."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..resampling import Floats
from .case_turns import CaseTurns, SessionTurns

if TYPE_CHECKING:
    from pipeline.sessions import Session

SEED = 0
MOST_TURNS = 2000
"""Turns on a map; of more, as many evenly spread ones are drawn."""

LEAST_TURNS = 30
"""Turns below which the map is the first two principal components."""

_NEIGHBOURS = 15
_COMPONENTS = 32
_COLUMNS = ["session", "turn", "start", "emotion", "x", "y"]


@dataclass(frozen=True)
class TurnMap:
    """Turns as points. For looking only: distances across the map, sizes and gaps of its islands mean nothing.

    Parameters
    ----------
    turns : pd.DataFrame
        ``session`` (id), ``turn`` (row of ``session.turns``), ``start`` (seconds), ``emotion``, ``x`` and ``y``
        (without unit, 0 in the middle).
    method : str
        ``umap`` (after principal components) or ``pca``; ``none`` with fewer than three turns, which have no map.
    trustworthiness : float
        0 to 1: whether turns that are neighbours on the map are so in the embeddings (Venna and Kaski 2001), over the
        15 nearest or fewer; nan where there are fewer than six turns.
    num_known : int
        Turns with an embedding, of which at most ``MOST_TURNS`` are on the map.
    """

    turns: pd.DataFrame
    method: Literal["umap", "pca", "none"]
    trustworthiness: float
    num_known: int


def turn_map(sessions: Sequence[Session] | CaseTurns, participant: str) -> TurnMap:
    """Lay a participant's turns of all comparable sessions out on a plane.

    Principal components (at most 32), then UMAP (McInnes, Healy, Melville 2018) with a fixed seed; the first two
    principal components alone where there are fewer than ``LEAST_TURNS`` turns. The same turns give the same map on
    the same machine.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    known = [own for own in case.of(participant).sessions if own.with_embedding.any()]
    rows = pd.concat([_rows(own) for own in known], ignore_index=True) if known else pd.DataFrame(columns=_COLUMNS[:4])
    chosen = _spread(len(rows))
    if len(chosen) < 3:
        nothing = rows.assign(x=np.nan, y=np.nan)
        return TurnMap(nothing[_COLUMNS], "none", float("nan"), len(rows))
    embeddings = np.concatenate([own.embeddings for own in known])[chosen].astype(np.float64)
    embeddings -= embeddings.mean(axis=0)
    method, places = _laid_out(embeddings)
    places = places - places.mean(axis=0)
    drawn = rows.iloc[chosen].reset_index(drop=True).assign(x=places[:, 0], y=places[:, 1])
    return TurnMap(drawn[_COLUMNS], method, _trust(embeddings, places), len(rows))


def _rows(own: SessionTurns) -> pd.DataFrame:
    chosen = own.with_embedding
    known = {"turn": own.rows[chosen], **{name: own.column(name)[chosen] for name in ("start", "emotion")}}
    return pd.DataFrame({"session": own.session.id, **known})


def _spread(count: int) -> NDArray[np.int64]:
    """Places of at most ``MOST_TURNS`` of so many, evenly."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST_TURNS)).round().astype(np.int64))


def _laid_out(embeddings: Floats) -> tuple[Literal["umap", "pca"], Floats]:
    from sklearn.decomposition import PCA

    few = len(embeddings) < LEAST_TURNS
    width = 2 if few else min(_COMPONENTS, *embeddings.shape)
    found = PCA(min(width, embeddings.shape[1]), random_state=SEED).fit_transform(embeddings)
    if few or not found.std():
        return "pca", np.pad(found, ((0, 0), (0, max(2 - found.shape[1], 0))))[:, :2]
    from umap import UMAP

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread, which is meant
        return "umap", UMAP(n_neighbors=_NEIGHBOURS, random_state=SEED).fit_transform(found)


def _trust(embeddings: Floats, places: Floats) -> float:
    from sklearn.manifold import trustworthiness

    neighbours = min(_NEIGHBOURS, (len(embeddings) - 1) // 2)
    return float(trustworthiness(embeddings, places, n_neighbors=neighbours)) if neighbours >= 2 else float("nan")
