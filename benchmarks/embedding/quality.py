"""What vectors are good for: finding hidden edges, telling labels."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.embedding.graphs import Graph

Vectors = NDArray[np.float32]


def measure(graph: Graph, vectors: Vectors, seed: int = 0) -> dict[str, float]:
    """The measures that this graph allows, each from 0 to 1."""
    found = {}
    if graph.hidden is not None:
        found["link AUC"] = link_auc(graph, vectors, seed)
    if graph.labels is not None:
        found |= label_scores(graph.labels, vectors, seed)
    return found


def link_auc(graph: Graph, vectors: Vectors, seed: int = 0) -> float:
    """AUC of hidden edges against absent pairs: logistic regression on products of the two vectors.

    It is learnt from edges that the embedding saw and random pairs, as in Grover and Leskovec 2016, section 4.4.
    """
    assert graph.hidden is not None
    assert graph.absent is not None
    random = np.random.default_rng(seed)
    chosen = random.choice(len(graph.src), min(len(graph.src), 20_000), replace=False)
    pairs = np.stack([graph.src[chosen], graph.dst[chosen]], axis=1)
    others = np.stack([random.permutation(pairs[:, 0]), random.permutation(pairs[:, 1])], axis=1)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def products(ends: NDArray[np.int64]) -> Vectors:
        return unit[ends[:, 0]] * unit[ends[:, 1]]

    scaler = StandardScaler()
    model = LogisticRegression(C=1.0, max_iter=500)
    known = np.concatenate([products(pairs), products(others)])
    model.fit(scaler.fit_transform(known), np.repeat([1, 0], [len(pairs), len(others)]))
    tested = np.concatenate([products(graph.hidden), products(graph.absent)])
    truth = np.repeat([1, 0], [len(graph.hidden), len(graph.absent)])
    return float(roc_auc_score(truth, model.decision_function(scaler.transform(tested))))


def label_scores(labels: NDArray[np.bool_], vectors: Vectors, seed: int = 0, folds: int = 5) -> dict[str, float]:
    """Mean one-vs-rest auROC over labels, and macro-F1 when as many labels are given as a node has.

    Logistic regression on the vectors as they are, five folds; labels of fewer than ten nodes are left out.
    """
    labels = labels[:, labels.sum(axis=0) >= 10]
    known = np.flatnonzero(labels.any(axis=1))
    labels, vectors = labels[known], vectors[known]
    scores = np.zeros(labels.shape)
    for label in range(labels.shape[1]):
        truth = labels[:, label]
        for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(vectors, truth):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = LogisticRegression(C=1.0, max_iter=200).fit(vectors[train], truth[train])
            scores[test, label] = model.decision_function(vectors[test])
    auroc = np.mean([roc_auc_score(labels[:, label], scores[:, label]) for label in range(labels.shape[1])])
    place = np.argsort(np.argsort(-scores, axis=1), axis=1)
    given = place < labels.sum(axis=1, keepdims=True)
    return {"label auROC": float(auroc), "macro-F1": float(f1_score(labels, given, average="macro", zero_division=0))}
