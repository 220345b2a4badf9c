"""The models that are compared, one family a file; `BASELINES` lists those that need no graph."""

from __future__ import annotations

from interestgraph.evaluate.models.base import Fit, Model, Parameters
from interestgraph.evaluate.models.baskets import TIFU
from interestgraph.evaluate.models.ease import EASE
from interestgraph.evaluate.models.factors import ALS, BPR
from interestgraph.evaluate.models.knn import ITEM_KNN, WALK
from interestgraph.evaluate.models.own import OWN, OWN_DECAYED, OWN_POPULAR
from interestgraph.evaluate.models.popularity import POPULARITY, RECENT

BASELINES: tuple[Model, ...] = (POPULARITY, RECENT, OWN, OWN_DECAYED, OWN_POPULAR, ITEM_KNN, WALK, ALS, BPR, EASE, TIFU)

__all__ = ["BASELINES", "Fit", "Model", "Parameters"]
