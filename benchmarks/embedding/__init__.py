"""Embedding against other programs: speed, memory and quality on the same graphs with the same parameters.

``python -m benchmarks embedding`` does all of it and publishes the tables. In pieces::

    python -m benchmarks.embedding compare --only "power-law cluster" --seeds 1
    python -m benchmarks.embedding compare --edges ppi.txt --labels ppi.labels
    python -m benchmarks.embedding scaling --edges-max 1000000
    python -m benchmarks.embedding estimate
"""

from __future__ import annotations


def main() -> None:
    """All tables."""
    from benchmarks.embedding.compare import compare
    from benchmarks.embedding.scaling import scaling

    compare(published=True)
    scaling(published=True)
