"""What an evaluation says, as plain values that become JSON and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from interestgraph.evaluate.bootstrap import Estimate
from interestgraph.evaluate.models.base import Parameters
from interestgraph.page.files import write_whole

PLACES = (1, 2, 3, 5, 10, 20, 30, 50)
"""Lengths of list for which curves are drawn."""


@dataclass(frozen=True)
class Trial:
    """One setting of a model on the validation window."""

    parameters: Parameters
    ndcg: dict[str, float]
    """Task -> NDCG at k."""
    seconds: float


@dataclass(frozen=True)
class Beyond:
    """Measures beside accuracy, of the first k places of the main task's lists."""

    coverage: float
    """Share of the ranked items that are in any list."""
    gini: float
    """Of how often each ranked item is recommended: 0 all alike, 1 one item only."""
    novelty: float
    """Mean of -log2(share of users who chose the item), bits; the more, the less known."""
    popularity: float
    """Mean share of users who chose the items of a list."""
    popularity_lift: float
    """That, divided by the same mean over what the users chose before, minus 1: 0 is unbiased."""
    diversity_categories: float | None = None
    """Mean over pairs of a list of 1 - Jaccard index of the categories and those above them."""
    diversity_vectors: float | None = None
    """Mean over pairs of a list of 1 - cosine of the vectors."""
    list_length: float = 0.0
    """Mean number of items among the k places."""


@dataclass(frozen=True)
class ModelReport:
    """Everything about one model."""

    name: str
    kind: str
    """``baseline`` (learns from the log alone) or ``platform`` (answers from the graph)."""
    title: str
    parameters: dict[str, Parameters]
    """Task -> setting that was chosen for it on the validation window."""
    tasks: dict[str, dict[str, Estimate]]
    """Task -> metric -> mean over users, at k."""
    groups: dict[str, dict[str, Estimate]]
    """Activity group -> metric of the main task."""
    curve: dict[str, dict[str, tuple[float, ...]]]
    """Task -> recall and ndcg -> means at `PLACES`."""
    beyond: Beyond
    difference: dict[str, dict[str, Estimate]]
    """Task -> recall and ndcg -> reference minus this model, paired by user; empty for the reference itself."""
    fit_seconds: float
    rank_seconds: float
    memory_mib: float
    """Growth of this process's memory at its peak, fitting and ranking; the server's is not in it."""
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A model that was not evaluated."""

    name: str
    reason: str


@dataclass(frozen=True)
class Ablation:
    """The blend, or the ranker, without one source; and that source alone."""

    source: str
    without: dict[str, Estimate]
    """Task -> NDCG of the whole minus NDCG without the source, paired by user: what the source adds."""
    alone: dict[str, Estimate] = field(default_factory=dict)
    """Task -> NDCG of the source alone, of the blend only."""


@dataclass(frozen=True)
class Group:
    """Users of like activity."""

    name: str
    users: int
    """Evaluated users in it."""
    low: int
    """Events before the test, at least."""
    high: int
    """Events before the test, at most."""


@dataclass(frozen=True)
class Cold:
    """Users without history, who can only be shown what everybody gets."""

    users: int
    quality: dict[str, dict[str, Estimate]]
    """Model -> recall and ndcg."""


@dataclass(frozen=True)
class RatingError:
    """Error of predicted ratings."""

    model: str
    title: str
    rmse: float
    mse: float
    mae: float
    rmse_interval: Estimate
    """Of the RMSE, resampled by user."""
    parameters: Parameters


@dataclass(frozen=True)
class Ratings:
    """Predictions of the ratings in the test."""

    ratings: int
    users: int
    low: float
    high: float
    errors: tuple[RatingError, ...]


@dataclass(frozen=True)
class EvaluateReport:
    """Quality of all models on the same users and items, every known item ranked."""

    loader: str
    protocol: str
    """``cut``: a global temporal split; ``holdout``: random items of each user; ``baskets``: their last baskets."""
    leak_free: bool
    """Whether nothing learnt from is later than anything tested on."""
    cut: datetime | None
    """Events before this moment were learnt from; None: not split by time."""
    since: datetime | None
    """The test begins."""
    until: datetime | None
    """The test ends."""
    users: int
    """Users with history who chose known items in the test."""
    listed: int
    """Users that lists were made for."""
    items: int
    """Items with an event before the test: all are ranked."""
    events: int
    """Events that were learnt from."""
    k: int
    main: str
    """Task of the headline: ``all``, or ``new`` where hardly anything is chosen twice."""
    tasks: dict[str, int]
    """Task -> users who chose such items."""
    reference: str
    """The model that the others are compared with."""
    models: tuple[ModelReport, ...]
    left_out: tuple[LeftOut, ...] = ()
    ablation: tuple[Ablation, ...] = ()
    """Of the blend."""
    ranker_ablation: tuple[Ablation, ...] = ()
    """Of the ranker as it was trained: the source proposes nothing, and its features are missing."""
    ranker_ablation_users: int = 0
    """Users that lists were made for without each source."""
    groups: tuple[Group, ...] = ()
    cold: Cold | None = None
    ratings: Ratings | None = None
    validation: tuple[datetime, datetime] | None = None
    """Window that baselines were tuned on; None: none was, or it is not by time."""
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def model(self, name: str) -> ModelReport:
        """The report of one model.

        Raises:
            KeyError: it was not evaluated.
        """
        for found in self.models:
            if found.name == name:
                return found
        raise KeyError(name)

    def to_json(self) -> str:
        """The whole report."""
        from pydantic import TypeAdapter

        return TypeAdapter(EvaluateReport).dump_json(self, indent=2).decode()

    @staticmethod
    def from_json(text: str) -> EvaluateReport:
        """A report that `to_json` wrote."""
        from pydantic import TypeAdapter

        return TypeAdapter(EvaluateReport).validate_json(text)

    def write_json(self, path: Path) -> None:
        """Write the whole report as JSON.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        write_whole(path, self.to_json() + "\n")

    def write_html(self, path: Path) -> None:
        """Write the report as one HTML file with plots, which needs nothing else.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        from interestgraph.evaluate.html import to_html

        write_whole(path, to_html(self))
