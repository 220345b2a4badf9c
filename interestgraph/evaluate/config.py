"""What to evaluate, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from interestgraph.embed.run import EmbedConfig
from interestgraph.enrich.enrich import EnrichConfig
from interestgraph.errors import ConfigurationError
from interestgraph.evaluate.models import BASELINES
from interestgraph.evaluate.ranking import DEPTH
from interestgraph.recommend.recommend import RecommendConfig

DAYS = 31
"""Length of the test window, unless another is asked for."""
PLATFORM = ("node2vec", "neighbourhood", "blend", "ranker")
"""Models that answer from the graph."""
ALIASES = {
    "baselines": tuple(model.name for model in BASELINES),
    "platform": PLATFORM,
    "all": (*(model.name for model in BASELINES), *PLATFORM),
}


@dataclass(frozen=True)
class EvaluateConfig:
    """What to evaluate."""

    loader: str
    data: Path | None = None
    cut: datetime | None = None
    """Events before this moment are learnt from; None: `days` before the last event."""
    days: float | None = None
    """Length of the test window; None: 31, or without `cut` a fifth of the log where that is shorter."""
    k: int = 10
    """Length of the lists."""
    models: tuple[str, ...] = ("all",)
    """Names of models, or ``all``, ``baselines``, ``platform``."""
    split: Path | None = None
    """Folder of `interestgraph split`, in place of `cut` and `days`: learn from its train, test on its test."""
    holdout: float | None = None
    """Share of each user's items that is the test, drawn at random, in place of a cut; for logs without times."""
    baskets: bool = False
    """The last basket of each user is the test, in place of a cut."""
    users: int | None = 20_000
    """Most users that lists are made for, drawn at random; None: all."""
    tune: bool = True
    """Whether baselines are tuned on a window before the test."""
    seed: int = 42
    """Of the holdout and of the choice of users."""
    prune_below: float | None = None
    """The platform's graph is reshaped before it is asked, to see what pruning costs: relationships that weigh less are
    pruned; None: it is not."""
    recommend: RecommendConfig = field(default_factory=RecommendConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    enrich: EnrichConfig = field(default_factory=EnrichConfig)

    def __post_init__(self) -> None:
        if self.days is not None and not self.days > 0:
            raise ConfigurationError(f"days must be positive, got {self.days:g}")
        if not 1 <= self.k <= DEPTH:
            raise ConfigurationError(f"k must be from 1 to {DEPTH}, got {self.k}")
        given = [
            name
            for name, there in (
                ("cut", self.cut is not None),
                ("split", self.split is not None),
                ("holdout", self.holdout is not None),
                ("baskets", self.baskets),
            )
            if there
        ]
        if len(given) > 1:
            raise ConfigurationError(f"give one of cut, split, holdout and baskets, not {' and '.join(given)}")
        if self.holdout is not None and not 0 < self.holdout < 1:
            raise ConfigurationError(f"holdout must be between 0 and 1, got {self.holdout:g}")
        if self.users is not None and self.users < 1:
            raise ConfigurationError(f"users must be at least 1, got {self.users}")
        self.wanted()

    def wanted(self) -> tuple[str, ...]:
        """Names of the models to evaluate, in the order of reports.

        Raises:
            ConfigurationError: a name is unknown.
        """
        known = {name.lower(): name for name in ALIASES["all"]}
        chosen: set[str] = set()
        for name in self.models:
            if name.lower() in ALIASES:
                chosen.update(ALIASES[name.lower()])
            elif name.lower() in known:
                chosen.add(known[name.lower()])
            else:
                raise ConfigurationError(f"no model {name}: there are {', '.join(ALIASES['all'])}, all, {_GROUPS}")
        return tuple(name for name in ALIASES["all"] if name in chosen)


_GROUPS = "baselines and platform"
