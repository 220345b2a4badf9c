"""Answers of LensKit's recommenders; run by `benchmarks.serving` in an environment that has LensKit.

``python lenskit_answers.py FOLDER``: ``pairs.csv`` there has user, item and rating, ``users.json`` whom to ask for.
Prints a line of JSON: name of the algorithm -> milliseconds of each answer.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
from lenskit.algorithms import Recommender
from lenskit.algorithms.als import ImplicitMF
from lenskit.algorithms.item_knn import ItemItem


def main(folder: Path) -> None:
    """Fit, and ask for one user after the other."""
    pairs = pd.read_csv(folder / "pairs.csv", dtype={"user": str, "item": str})
    users = json.loads((folder / "users.json").read_text())
    spent = {}
    for name, algorithm in (
        ("ItemItem, 100 neighbours", ItemItem(100, save_nbrs=100, feedback="implicit")),
        ("ImplicitMF, 128 factors", ImplicitMF(128, iterations=5)),
    ):
        recommender = Recommender.adapt(algorithm)
        recommender.fit(pairs)
        times = []
        for user in users:
            began = time.perf_counter()
            recommender.recommend(user, 10)
            times.append((time.perf_counter() - began) * 1000)
        spent[name] = times
    print(json.dumps(spent))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
