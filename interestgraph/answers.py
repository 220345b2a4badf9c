"""The client's questions: recommendations, nearest items and users, profiles, explanations, audiences, predictions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from interestgraph.model import Table

if TYPE_CHECKING:
    from interestgraph.neo4j.connection import Database
    from interestgraph.recommend.audience import AudienceConfig, Member
    from interestgraph.recommend.explain import Explanation
    from interestgraph.recommend.filters import Filters
    from interestgraph.recommend.predict import Prediction
    from interestgraph.recommend.profile import Profile
    from interestgraph.recommend.rank import Dial, Mode, Scored
    from interestgraph.recommend.recommend import Recommendation, RecommendConfig, TrendingItem
    from interestgraph.recommend.similar import SimilarItem, SimilarUser


class AnswerMethods:
    """Part of `interestgraph.InterestGraph`."""

    _database: Database

    def recommend(
        self,
        user: str,
        n: int = 10,
        *,
        mode: Mode = "mixed",
        repeat: Dial = "auto",
        explore: Dial = "auto",
        exclude_seen: bool | None = None,
        category: str | None = None,
        as_of: datetime | None = None,
        filters: Filters | None = None,
        explain: bool = True,
    ) -> Table[Recommendation]:
        """Recommend items to a user; see `interestgraph.recommend.recommend.recommend`.

        Args:
            user: user id.
            n: length of the list.
            mode: ``again`` for items that the user chose before, ``discover`` for others, ``mixed`` for both.
            repeat: share of the list for items that the user chose before, 0 to 1, or ``auto``.
            explore: share of the other places for categories that the user chose nothing of yet, or ``auto``.
            exclude_seen: leave out items that the user has a relationship to; None: where hardly anything is chosen
                twice.
            category: only items of this category (id, or a name that only one has) and below it.
            as_of: moment the weights are read at; None: the latest event.
            filters: rules for price, brand, stock, attributes, lists, boosts, limits, diversity, freshness.
            explain: with sources, paths, a sentence and Cypher; without them the answer comes sooner.
        """
        from interestgraph.recommend.filters import Filters
        from interestgraph.recommend.recommend import RecommendConfig, recommend

        config = RecommendConfig(
            n=n,
            mode=mode,
            repeat=repeat,
            explore=explore,
            exclude_seen=exclude_seen,
            category=category,
            as_of=as_of,
            explain=explain,
            filters=filters or Filters(),
        )
        return recommend(self._database, user, config)

    def recommend_many(self, users: Sequence[str], config: RecommendConfig | None = None) -> dict[str, list[Scored]]:
        """The lists of many users as ids and scores; see `interestgraph.recommend.recommend.recommend_many`."""
        from interestgraph.recommend.recommend import RecommendConfig, recommend_many

        return dict(recommend_many(self._database, users, config or RecommendConfig(explain=False)))

    def recommend_for(self, items: Sequence[str], config: RecommendConfig | None = None) -> Table[Recommendation]:
        """Recommend to an anonymous visitor by the items of the session, the latest last."""
        from interestgraph.recommend.recommend import RecommendConfig
        from interestgraph.recommend.visitor import recommend_for

        return recommend_for(self._database, items, config or RecommendConfig())

    def recommend_with(self, user: str, config: RecommendConfig) -> Table[Recommendation]:
        """Recommend with a whole configuration: blend weights, candidate limits and the rest."""
        from interestgraph.recommend.recommend import recommend

        return recommend(self._database, user, config)

    def audience(self, target: str, config: AudienceConfig | None = None) -> Table[Member]:
        """Who most probably chooses an item, anything of a category, or what a campaign promotes."""
        from interestgraph.recommend.audience import AudienceConfig, audience

        return audience(self._database, target, config or AudienceConfig())

    def predict(self, user: str, item: str | None = None, *, days: float | None = None) -> Prediction:
        """The probability that a user chooses an item, or comes back at all, within some days."""
        from interestgraph.recommend.predict import predict

        return predict(self._database, user, item, days)

    def similar(self, item: str, n: int = 10) -> Table[SimilarItem]:
        """The nearest items of an item."""
        from interestgraph.recommend.similar import similar_items

        return similar_items(self._database, item, n)

    def similar_users(self, user: str, n: int = 10) -> Table[SimilarUser]:
        """The nearest users of a user."""
        from interestgraph.recommend.similar import similar_users

        return similar_users(self._database, user, n)

    def profile(self, user: str, n: int = 10) -> Profile:
        """Attributes, activity, the strongest n interests per level, communities and campaigns of a user."""
        from interestgraph.recommend.profile import profile

        return profile(self._database, user, n)

    def explain(self, user: str, item: str, *, as_of: datetime | None = None) -> Explanation:
        """The paths that support an item for a user, one sentence, and the Cypher that draws them."""
        from interestgraph.recommend.explain import explain

        return explain(self._database, user, item, as_of)

    def trending(self, n: int = 10, category: str | None = None) -> Table[TrendingItem]:
        """Items with the strongest trend, of all or of one category and below it."""
        from interestgraph.recommend.recommend import trending

        return trending(self._database, n, category)
