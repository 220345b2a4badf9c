"""The picture of the vectors: what is in the page, and that it needs nothing else."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interestgraph import ConfigurationError, DataError, InterestGraph
from interestgraph.embed.project import project
from tests.conftest import Output


def data_of(page: str) -> dict[str, Any]:
    (packed,) = re.findall(r'const PACKED = "([^"]+)"', page)
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return found


def numbers(text: str) -> list[int]:
    return [int(number) for number in np.frombuffer(base64.b64decode(text), "<u2")]


def test_the_page_holds_every_node_and_needs_no_network(
    shop: InterestGraph, ig: Callable[..., Output], tmp_path: Path
) -> None:
    file = tmp_path / "map.html"
    done = ig("embed", "--plot", str(file), "--colour", "category")
    assert done.code == 0
    assert done.out.startswith(f"48 nodes of run {shop.status().embedding_run} in {file}")
    page = file.read_text(encoding="utf-8")
    assert not re.search(r"https?://|src=|@import|<link", page)
    data = data_of(page)
    assert (data["counts"], len(data["ids"]), len(data["titles"])) == ([24, 18, 6], 48, 48)
    assert data["colour"] == "category"
    x, y = numbers(data["x"]), numbers(data["y"])
    assert (len(x), len(y)) == (48, 48)
    assert min(x + y) >= 0
    assert max(x + y) <= 65_535
    by = {each["name"]: each for each in data["by"]}
    tea = data["ids"].index("tea-1")
    assert data["titles"][tea] == "Tea 1"
    assert by["category"]["labels"][numbers(by["category"]["group"])[tea]] == "Drinks"
    community = by["community"]
    assert sum(community["sizes"]) == sum(group != 65_535 for group in numbers(community["group"])) == 42
    # Users, items and categories of a group lie together.
    places = np.array([x, y], float).T
    groups = {word: [at for at, name in enumerate(data["ids"]) if name.startswith(word)] for word in ("tea", "soap")}
    centres = {word: places[rows].mean(axis=0) for word, rows in groups.items()}
    spread = np.linalg.norm(places[groups["tea"]] - centres["tea"], axis=1).mean()
    assert np.linalg.norm(centres["tea"] - centres["soap"]) > 2 * spread


def test_what_cannot_be_drawn_is_told(shop: InterestGraph, tmp_path: Path, ig: Callable[..., Output]) -> None:
    with pytest.raises(ConfigurationError, match="colour 'brand' is none of community, category"):
        shop.plot(tmp_path / "map.html", colour="brand")
    with pytest.raises(ConfigurationError, match=r"map\.png is no HTML file"):
        shop.plot(tmp_path / "map.png")
    with pytest.raises(DataError, match="none is no folder"):
        shop.plot(tmp_path / "none" / "map.html")
    assert ig("embed", "--plot", str(tmp_path / "map.html"), "--diff").code == 2


def test_groups_stay_together_and_the_picture_is_the_same_again() -> None:
    draw = np.random.default_rng(5)
    corners = np.repeat(np.eye(6, dtype=np.float32), 40, axis=0)
    vectors = np.asarray(corners + 0.1 * draw.normal(size=corners.shape), dtype=np.float32)
    steps: list[int] = []
    flat = project(vectors, lambda _, done, total: steps.append(done * 100 // total))
    assert flat.shape == (240, 2)
    assert steps[-1] == 100
    group = np.repeat(np.arange(6), 40)
    centres = np.array([flat[group == number].mean(axis=0) for number in range(6)])
    nearest = np.linalg.norm(flat[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (nearest == group).mean() > 0.98
    assert project(vectors) == pytest.approx(flat, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 60])
def test_few_or_equal_vectors_can_be_drawn(n: int) -> None:
    flat = project(np.full((n, 4), 0.5, np.float32))
    assert flat.shape == (n, 2)
    assert np.isfinite(flat).all()
