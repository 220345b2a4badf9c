"""The client's methods on derived structure: groupings compared, and the graph reshaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interestgraph.model import Progress

if TYPE_CHECKING:
    from interestgraph.enrich.clusters import CompareConfig, Comparison
    from interestgraph.neo4j.connection import Database
    from interestgraph.reshape.reshape import ReshapeConfig, ReshapeReport


class UpkeepMethods:
    """Part of `interestgraph.InterestGraph`."""

    _database: Database

    def compare_communities(self, config: CompareConfig | None = None) -> Comparison:
        """Cluster the vectors, and compare the clusters with communities and categories.

        See `interestgraph.enrich.clusters.compare`.
        """
        from interestgraph.enrich.clusters import CompareConfig, compare

        return compare(self._database, config or CompareConfig())

    def reshape(self, config: ReshapeConfig | None = None, *, progress: Progress | None = None) -> ReshapeReport:
        """Prune what has faded, and enrich anew; see `interestgraph.reshape.reshape.reshape`."""
        from interestgraph.reshape.reshape import ReshapeConfig, reshape

        return reshape(self._database, config or ReshapeConfig(), progress)
