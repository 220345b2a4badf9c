"""The interest graph of one user, in the terminal and as a page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from interestgraph import InterestGraph
from interestgraph.pictures.portrait import LIBRARY, PortraitConfig
from tests.conftest import Output
from tests.pages import CHROMIUM, CONTRAST, alone, browser, opened, parsed

CYTOSCAPE_3_35_0 = "71fa9ebec21a7ca2c40cff6aacc30d1f6464e363662ad4b2c197e1adc770cd94"
USER = "tea-fan-1"


@pytest.fixture(scope="module")
def page(fair: InterestGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("portrait") / "portrait.html"
    fair.draw_portrait(USER, file, PortraitConfig(items=4, recommended=3))
    return file


def drawn(page: Path) -> dict[str, list[dict[str, Any]]]:
    (data,) = re.findall(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    found: dict[str, list[dict[str, Any]]] = json.loads(data)
    return found


def test_the_page_holds_the_users_surroundings(page: Path, fair: InterestGraph) -> None:
    found = drawn(page)
    nodes = {node["id"]: node for node in found["nodes"]}
    assert len(nodes) == len(found["nodes"])
    own = fair.query("ego_network", userId=USER, items=4)
    chosen = {row["target"] for row in own if row["type"] == "PURCHASED"}
    assert len(chosen) == 4
    assert {f"item:{item}" for item in chosen} == {name for name, node in nodes.items() if node["kind"] == "item"}
    for item in fair.recommend(USER, n=3, mode="discover"):
        kind = "item" if item.item_id in chosen else "proposed"
        assert nodes[f"item:{item.item_id}"]["kind"] == kind
    assert nodes["category:Drinks > Tea"]["label"] == "Tea"
    assert nodes["category:Drinks"]["kind"] == "top"
    assert {"item", "proposed", "category", "top", "community", "user"} == {node["kind"] for node in nodes.values()}
    for edge in found["edges"]:
        assert nodes.keys() >= {edge["source"], edge["target"]}
        assert 0 <= edge["weight"] <= 1
    assert {edge["kind"] for edge in found["edges"]} >= {"PURCHASED", "RECOMMENDED", "IN_CATEGORY", "CHILD_OF"}


def test_the_page_is_whole_and_needs_nothing_else(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    library = (files("interestgraph.pictures") / "files" / LIBRARY).read_text(encoding="utf-8")
    # As npm publishes it; its licence stands at its beginning, and so in every page.
    assert hashlib.sha256(library.encode()).hexdigest() == CYTOSCAPE_3_35_0
    assert library[:400].count("Permission is hereby granted, free of charge") == 1
    assert text.count(library) == 1
    own = text.replace(library, "")
    parsed(own)
    assert alone(own)
    assert "://" not in own


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_it_is_drawn_and_answers_pointer_and_keys(page: Path, tmp_path: Path) -> None:
    with browser() as chromium:
        for width, scheme in ((420, "dark"), (1440, "light")):
            with opened(chromium, page, width, scheme) as (tab, asked):
                tab.wait_for_selector("html[data-ready=yes]")
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
                assert tab.evaluate(CONTRAST) == []
                boxes = tab.evaluate("cy.nodes().map(node => node.renderedBoundingBox({ includeOverlays: false }))")
                apart = [
                    min(one["x2"], other["x2"]) - max(one["x1"], other["x1"]) <= 1
                    or min(one["y2"], other["y2"]) - max(one["y1"], other["y1"]) <= 1
                    for at, one in enumerate(boxes)
                    for other in boxes[:at]
                ]
                assert all(apart)
                assert len(boxes) == len(drawn(page)["nodes"])
                tab.focus("#graph")
                tab.keyboard.press("ArrowDown")
                assert (tab.text_content("#told") or "").startswith(f"User {USER}: ")
                tab.keyboard.press("ArrowRight")
                assert (tab.text_content("#told") or "").startswith("Tea <No. ")
                tab.keyboard.press("Escape")
                assert tab.text_content("#told") == ""
                tab.click("[data-node='category:Drinks']")
                assert "child of: Drinks > Tea is below Drinks" in (tab.text_content("#told") or "")
                tab.uncheck("[data-kind=community]")
                assert tab.evaluate("cy.nodes('.community').filter(node => node.visible()).length") == 0
                assert tab.evaluate("document.getElementById('paper').src.length") > 5_000
                assert [url for url in asked if not url.startswith("data:")] == []


def test_the_command_prints_or_draws(fair: InterestGraph, ig: Callable[..., Output], tmp_path: Path) -> None:
    done = ig("portrait", USER)
    assert done.code == 0
    assert f"user {USER}" in done.out
    assert re.search(r"interests +Drinks +level 1", done.out)
    rows = json.loads(ig("portrait", USER, "--json").out)
    assert rows == fair.portrait(USER).to_dicts()
    file = tmp_path / "portrait.html"
    done = ig("portrait", USER, "--html", str(file), "--items", "2", "--recommended", "0")
    assert re.fullmatch(rf"\d+ nodes and \d+ edges in {file} \(0\.\d MB\)\n", done.out)
    assert sum(node["kind"] == "item" for node in drawn(file)["nodes"]) == 2
    assert not any(node["kind"] == "proposed" for node in drawn(file)["nodes"])


@pytest.mark.parametrize("more", [[], ["--html", "portrait.html"]])
def test_an_unknown_user_is_told(
    fair: InterestGraph, ig: Callable[..., Output], more: list[str], tmp_path: Path
) -> None:
    done = ig("portrait", "nobody", *more)
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: the graph has no user nobody: ids are those of the log, as text\n"
    assert not (tmp_path / "portrait.html").exists()


def test_a_user_without_events_is_drawn(fair: InterestGraph, tmp_path: Path) -> None:
    fair.database.write("CREATE (:User {userId: 'new'})")
    try:
        done = fair.draw_portrait("new", tmp_path / "new.html")
        assert drawn(done.file)["nodes"][0]["kind"] == "user"
        assert "None yet: they come of events" in done.file.read_text(encoding="utf-8")
    finally:
        fair.database.write("MATCH (u:User {userId: 'new'}) DELETE u")
