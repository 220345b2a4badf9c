"""A small graph with all that pictures show: two behaviours, campaigns, rejected rows, vectors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import neo4j
import pytest

from interestgraph import InterestGraph
from interestgraph.neo4j.connection import Database
from tests.conftest import empty

WORDS = {"tea": "Drinks > Tea", "cake": "Food > Cake", "soap": "Home > Bath"}
WEEKS = 12
LOADER = """
name = "fair"
title = "A fair"
description = "Users of three tastes, and a campaign."
licence = "none"
source = "made up"

[files]
events = "events.csv"
campaigns = "campaigns.csv"
received = "received.csv"
redeemed = "redeemed.csv"

[events]
file = "events"
user = "user"
item = "item"
time = "time"
behaviour_column = "behaviour"
value = "value"

[behaviours.VIEWED]
values = ["view"]
strength = 0.1
half_life = 30

[behaviours.PURCHASED]
values = ["buy"]
strength = 1.0
half_life = 120
primary = true

[items]
file = "events"
id = "item"
title = "title"
category_path = "category"
separator = ">"

[campaigns]
file = "campaigns"
id = "campaign"
kind = "kind"
starts_at = "first"
ends_at = "last"

[received]
file = "received"
campaign = "campaign"
user = "user"

[redeemed]
file = "redeemed"
campaign = "campaign"
user = "user"
time = "time"
"""


def write_fair(folder: Path) -> Path:
    """Write the files of the fair, and its loader, whose path is returned."""
    monday = date(2024, 1, 1)
    events = ["user,item,behaviour,time,value,title,category"]
    for place, (word, category) in enumerate(WORDS.items()):
        for user in range(16):
            for week in range(WEEKS):
                # Soap is bought less and less, tea more and more.
                if (user + week) % 3 == 2 or (word == "soap" and week > 7) or (word == "tea" and week < 4):
                    continue
                day = monday + timedelta(weeks=week, days=(user + place) % 7)
                for item in {(user * 5 + week + part) % 7 for part in (0, 1, 3, 4)}:
                    bought = f"{day}T10:00:00,{3 + item}.5,{word.title()} <No. {item}>,{category}"
                    events.append(f"{word}-fan-{user},{word}-{item},buy,{bought}")
                other = list(WORDS)[(place + 1) % 3]
                seen = f"{other}-{week % 7},view,{day}T09:00:00,,{other.title()} <No. {week % 7}>,{WORDS[other]}"
                events.append(f"{word}-fan-{user},{seen}")
    events += ["tea-fan-1,tea-1,buy,yesterday,1,Tea,Drinks > Tea", ",tea-1,buy,2024-02-01T10:00:00,1,Tea,Drinks > Tea"]
    people = [f"{word}-fan-{user}" for word in WORDS for user in range(0, 16, 2)]
    start = monday + timedelta(weeks=8)
    tables = {
        "events": events,
        "campaigns": ["campaign,kind,first,last", f"spring,Type A,{start},{start + timedelta(weeks=3)}"],
        "received": ["campaign,user", *(f"spring,{user}" for user in people)],
        "redeemed": [
            "campaign,user,time",
            *(f"spring,{user},{start + timedelta(days=3)}" for user in people[:14]),
        ],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    loader = folder / "fair.toml"
    loader.write_text(LOADER, encoding="utf-8")
    return loader


@pytest.fixture(scope="package")
def fair(
    connection: Database, driver: neo4j.Driver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InterestGraph]:
    """The fair loaded, enriched and embedded once for the tests of this folder, which only read it."""
    empty(connection)
    folder = tmp_path_factory.mktemp("fair")
    graph = InterestGraph(driver=driver)
    graph.load(str(write_fair(folder)), folder)
    graph.enrich()
    graph.embed()
    yield graph
    empty(connection)
