"""A log that is aggregated in slices gives the rows of one that is aggregated at once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

import ibis
import ibis.expr.types as ir
import pytest

from interestgraph.ingest.buckets import ITEMS, USERS
from interestgraph.ingest.history import HISTORIES, history_of
from interestgraph.ingest.read import workspace
from interestgraph.ingest.slices import aggregated, sliced
from interestgraph.ingest.spec import load_spec
from interestgraph.ingest.sums import interactions_of


def some_events(count: int) -> ir.Table:
    draw = random.Random(7)
    return ibis.memtable(
        [
            {
                "user": f"u{min(int(draw.expovariate(0.2)), 40)}",
                "item": f"ä{draw.randrange(9)}",
                "behaviour": draw.choice(["VIEWED", "PURCHASED"]),
                "at": datetime(2024, 1, 1) + timedelta(minutes=draw.randrange(400_000)),
                "strength": 1.0,
                "quantity": 1.0,
                "value": draw.randrange(40) / 4,
            }
            for _ in range(count)
        ]
    )


@pytest.mark.parametrize("size", [1, 50, 300, 500])
def test_slices_make_no_difference(size: int) -> None:
    spec = load_spec("events")
    with workspace() as backend:
        events = backend.create_table("events", some_events(500))
        makers = {
            "interactions": ("user", partial(interactions_of, spec=spec)),
            **{name: (HISTORIES[name][0], partial(history_of, name=name)) for name in (USERS, ITEMS)},
        }
        for name, (by, make) in makers.items():
            whole = make(events).to_pyarrow().to_pylist()
            with sliced(backend, events, by, size) as slices:
                assert (len(slices) > 1) is (size < 500), size
                found = aggregated(backend, name, slices, make).to_pyarrow().to_pylist()
            assert len(found) > 8
            assert [{**row, "weight": None} for row in found] == [{**row, "weight": None} for row in whole]
            weights = [row.get("weight", 0.0) for row in whole]
            assert [row.get("weight", 0.0) for row in found] == pytest.approx(weights, rel=1e-12)
