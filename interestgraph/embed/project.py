"""A flat picture of vectors: t-SNE, which keeps neighbours together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import Progress

FEWEST = 50
"""With fewer nodes neighbourhoods mean little: they are laid out by their two principal components."""
NEIGHBOURS = 15
SEED = 42
_EARLY, _LATE = 80, 270
"""Steps that first separate groups, and then spread them."""


def project(vectors: NDArray[np.float32], progress: Progress | None = None) -> NDArray[np.float64]:
    """Positions (n, 2) in a plane of unit vectors (n, d), n at least 1; near ones stay near.

    FIt-SNE (Linderman, Rachh, Hoskins, Steinerberger and Kluger 2019) as in openTSNE, begun from the principal
    components, so that one set of vectors always gives about the same picture. Time grows linearly.

    Args:
        vectors: float32 (n, d).
        progress: called with "projection", steps done and steps in all.
    """
    flat = _principal(vectors)
    if len(vectors) < FEWEST:
        return flat
    from openTSNE import TSNEEmbedding, affinity

    total = _EARLY + _LATE
    if progress:
        progress("projection", 0, total)
    # Many equal vectors, as of items that only their category leads to, would else all be each other's neighbours.
    near = affinity.Uniform(
        vectors, k_neighbors=min(NEIGHBOURS, len(vectors) - 1), metric="cosine", n_jobs=-1, random_state=SEED
    )
    start = flat / (np.std(flat[:, 0]) or 1.0) * 1e-4
    method = "fft" if len(vectors) > 5_000 else "bh"
    drawn = TSNEEmbedding(start, near, negative_gradient_method=method, n_jobs=-1, random_state=SEED)

    def tell(before: int) -> dict[str, object]:
        def each(step: int, *_: object) -> bool:
            if progress:
                progress("projection", before + step, total)
            return False

        return {"callbacks": each, "callbacks_every_iters": 10}

    drawn = drawn.optimize(n_iter=_EARLY, exaggeration=12, momentum=0.5, **tell(0))
    drawn = drawn.optimize(n_iter=_LATE, exaggeration=1, momentum=0.8, **tell(_EARLY))
    return np.asarray(drawn, dtype=np.float64)


def _principal(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The first two principal components (n, 2), with signs that do not depend on the machine."""
    wide = vectors.astype(np.float64)
    wide -= wide.mean(axis=0)
    _, axes = np.linalg.eigh(wide.T @ wide)
    flat = wide @ axes[:, ::-1][:, :2]
    if flat.shape[1] < 2:
        flat = np.hstack([flat, np.zeros((len(flat), 2 - flat.shape[1]))])
    largest = np.abs(flat).argmax(axis=0)
    return np.asarray(flat * np.where(flat[largest, [0, 1]] < 0, -1.0, 1.0))
