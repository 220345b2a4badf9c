"""What reports call things, and what they say in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from interestgraph.evaluate.report import EvaluateReport

METRIC_NAMES = {
    "recall": "recall",
    "ndcg": "NDCG",
    "precision": "precision",
    "plain_recall": "plain recall",
    "f1": "F1",
    "hit_rate": "hit rate",
    "mrr": "MRR",
    "map": "MAP",
}
TASK_NAMES = {"all": "all items", "again": "had before", "new": "new to the user"}
TASK_TEXTS = {
    "all": "lists of any items against everything the user chose",
    "again": "lists of items the user had before against those chosen again",
    "new": "lists without what the user had before against what was new to the user",
}
DEFINITIONS = (
    ("recall@k", "hits among k divided by min(k, number chosen), so that a perfect list has 1 for every user"),
    ("plain recall@k", "hits divided by the number chosen; F1 joins it with precision"),
    ("NDCG@k", "hits discounted by log2(place + 1), divided by the best possible sum"),
    ("MRR@k", "1 / place of the first hit"),
    ("MAP@k", "precisions at the hits, summed and divided by the number chosen"),
    ("had before", "any event of the user and the item before the test"),
    ("chosen", "an event of a primary behaviour (a purchase in a shop) that speaks for the item (no low rating)"),
    (
        "coverage",
        "share of all ranked items that are in any list; Gini: 0 where all are shown alike often, 1 where one is",
    ),
    ("novelty", "mean of −log2 of the share of users who had the item; users per item: the mean share itself"),
    ("popularity lift", "that share in the lists against the same in what users had; +100 % is twice as popular"),
    ("diversity", "1 − Jaccard index of category paths, or 1 − cosine of the graph's vectors, over pairs of a list"),
    ("intervals", "95 % percentile bootstrap over users, 1,000 resamples, the same for all models"),
)


def protocol_text(report: EvaluateReport) -> str:
    """What was learnt from and tested on, in one sentence."""
    if report.protocol == "baskets":
        return "Learnt from all but the last basket of each user; tested on that."
    if report.cut is None or report.since is None or report.until is None:
        return "Learnt from a random part of each user's items; tested on the others."
    between = "" if report.since == report.cut else f", leaving out what came before {report.since:%Y-%m-%d %H:%M},"
    return (
        f"Learnt from everything before {report.cut:%Y-%m-%d %H:%M} UTC{between} and tested on what users chose from "
        f"then until {report.until:%Y-%m-%d %H:%M}. Nothing of the test was read before all lists were made."
    )


def summary(report: EvaluateReport) -> Iterator[str]:
    """The findings, one sentence each."""
    reference = report.model(report.reference)
    for task in report.tasks:
        value = reference.tasks[task]["ndcg"]
        others = [found for found in report.models if found.difference]
        won = [found.name for found in others if found.difference[task]["ndcg"].low > 0]
        lost = [found.name for found in others if found.difference[task]["ndcg"].high < 0]
        rest = [found.name for found in others if found.name not in won and found.name not in lost]
        text = (
            f"{TASK_NAMES[task].capitalize()}: {report.reference} reaches NDCG@{report.k} {value.mean:.3f} "
            f"[{value.low:.3f}, {value.high:.3f}] and is better at 95 % than {len(won)} of {len(others)} other models"
        )
        if lost:
            text += f"; better than it: {', '.join(lost)}"
        if rest:
            text += f"; not to be told apart: {', '.join(rest)}"
        yield text + "."
