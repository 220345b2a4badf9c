"""Event identity: what counts as the same event, in whatever file it comes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interestgraph.errors import DataError
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.identity import event_id, hashed, identity_text, single_identity
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import load_spec
from interestgraph.stream.parse import as_text
from tests.ingest.bench import NOW, csv, toml

HEAD = "user,item,event,time,value,quantity,session"
ROWS = [
    "u1,i1,buy,2024-05-01T10:00:00Z,2.5,1,s1",
    "u1,i1,buy,2024-05-01T10:00:00Z,2.5,1,s1",
    "u1,i2,view,2024-05-02T00:00:00Z,,,7",
    "007,i1,buy,2024-05-03T10:00:00.250Z,3,2,s2",
]


def identify(*paths: Path, loader: str = "events") -> list[int]:
    """The ids of all events, sorted."""
    spec = load_spec(loader)
    with workspace() as backend:
        clean = clean_events(backend, read_files(backend, paths), spec, now=NOW, files=paths)
        assert clean.rejected_count == 0
        assert clean.read == clean.kept + clean.duplicates
        return sorted(clean.events.eventId.to_pyarrow().to_pylist())


def test_a_row_that_stands_there_twice_is_two_events(tmp_path: Path) -> None:
    twice = identify(csv(tmp_path / "log.csv", HEAD, *ROWS))
    once = identify(csv(tmp_path / "log.csv", HEAD, *ROWS[1:]))
    assert len(set(twice)) == 4
    assert set(once) < set(twice)
    spread = [csv(tmp_path / "a.csv", HEAD, ROWS[3], ROWS[0]), csv(tmp_path / "b.csv", HEAD, ROWS[2], ROWS[0])]
    assert identify(*spread) == twice
    thrice = identify(csv(tmp_path / "log.csv", HEAD, ROWS[0], *ROWS))
    assert len(thrice) == 5
    assert set(thrice) > set(twice)


def test_key_columns_say_what_is_the_same_event(tmp_path: Path) -> None:
    spec = str(toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\nvalue = "v"\nkey = ["order", "line"]'))
    path = csv(tmp_path / "log.csv", "u,i,t,v,order,line", "a,x,2024-05-01,1,7,1", "a,y,2024-05-01,1,7,2")
    ids = identify(path, loader=spec)
    assert len(set(ids)) == 2
    # Whatever else is said of it later, the first line counts.
    csv(path, "line,order,u,i,t,v", "1,7,a,x,2024-05-01,1", "2,7,a,y,2024-05-01,1", "1,7,b,z,2024-06-01,9")
    assert identify(path, loader=spec) == ids
    with workspace() as backend:
        clean = clean_events(backend, read_files(backend, [path]), load_spec(spec), now=NOW)
        assert (clean.read, clean.kept, clean.duplicates) == (3, 2, 1)
        assert sorted(clean.events.user.to_pyarrow().to_pylist()) == ["a", "a"]
    csv(path, "u,i,t,v,order,line", "a,x,2024-05-01,1,8,1", "a,y,2024-05-01,1,7,2")
    assert len(set(identify(path, loader=spec)) & set(ids)) == 1


def test_rows_without_any_key_are_not_taken_for_one(tmp_path: Path) -> None:
    spec = str(toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\nkey = ["order", "line"]'))
    path = csv(tmp_path / "log.csv", "u,i,t,order,line", "a,x,2024-05-01,,", "b,y,2024-05-01,,", "c,z,2024-05-01,,1")
    with workspace() as backend:
        clean = clean_events(backend, read_files(backend, [path]), load_spec(spec), now=NOW)
        assert (clean.read, clean.kept, clean.duplicates, clean.rejected_count) == (3, 1, 0, 2)
        reasons = clean.rejected.order_by("row").to_pyarrow().to_pylist()
    assert [(row["row"], row["column"], row["reason"]) for row in reasons] == [
        (1, "order", "missing order"),
        (2, "order", "missing order"),
    ]
    with pytest.raises(DataError, match=r"has no column line \(loader mine, events\.key\)"):
        identify(csv(tmp_path / "log.csv", "u,i,t,order", "a,x,2024-05-01,1"), loader=spec)


def test_the_same_log_in_other_forms_has_the_same_ids(tmp_path: Path) -> None:
    head = f"{HEAD},paid,fee,seen"
    more = ["True,0.50,2024-05-01", "True,0.50,2024-05-01", "False,1,2024-05-02T08:00:00Z", ",2.25,"]
    ids = identify(csv(tmp_path / "log.csv", head, *(f"{row},{rest}" for row, rest in zip(ROWS, more, strict=True))))
    moments = ["2024-05-01T10:00:00+00:00"] * 2 + ["2024-05-02T00:00:00+00:00", "2024-05-03T10:00:00.250000+00:00"]
    columns: dict[str, Any] = {
        "empty": pa.array([None] * 4, pa.string()),
        "time": pa.array([datetime.fromisoformat(moment) for moment in moments], pa.timestamp("us", "UTC")),
        "session": ["s1", "s1", "7", "s2"],
        "quantity": [1.0, 1.0, None, 2.0],
        "paid": [True, True, False, None],
        "value": [2.5, 2.5, None, 3.0],
        "item": ["i1", "i1", "i2", "i1"],
        "fee": pa.array([Decimal("0.50"), Decimal("0.50"), Decimal("1.00"), Decimal("2.25")], pa.decimal128(9, 2)),
        "seen": pa.array([datetime(2024, 5, 1), datetime(2024, 5, 1), datetime(2024, 5, 2, 8), None]),
        "event": ["BUY", "buy", "view", "Buy"],
        "user": ["u1", "u1", "u1", "007"],
    }
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    assert identify(tmp_path / "log.parquet") == ids
    objects = [
        {"user": "u1", "item": "i1", "event": "buy", "time": 1714557600, "value": 2.5, "quantity": 1, "session": "s1"},
        {"user": "u1", "item": "i1", "event": "buy", "time": 1714557600, "value": 2.5, "quantity": 1, "session": "s1"},
        {"user": "u1", "item": "i2", "event": "view", "time": 1714608000.0, "session": "7", "quantity": None},
        {"item": "i1", "user": "007", "event": "buy", "time": 1714730400.25, "value": 3.0, "quantity": 2},
    ]
    extra: list[dict[str, Any]] = [
        {"paid": True, "fee": 0.5, "seen": "2024-05-01 00:00:00"},
        {"paid": True, "fee": 0.5, "seen": "2024-05-01T00:00:00.000Z"},
        {"paid": False, "fee": 1.0, "seen": "2024-05-02 08:00:00+00:00"},
        {"session": "s2", "fee": 2.25},
    ]
    lines = [json.dumps({**one, **other}) for one, other in zip(objects, extra, strict=True)]
    assert identify(csv(tmp_path / "log.jsonl", *lines)) == ids


def test_a_session_tells_events_apart_and_the_catalogue_does_not(tmp_path: Path) -> None:
    head = f"{HEAD},title,brand,category"
    ids = identify(csv(tmp_path / "log.csv", head, *(f"{row},Tea,A,Drinks" for row in ROWS)))
    assert identify(csv(tmp_path / "log.csv", head, *(f"{row},Green tea,,Drinks > Tea" for row in ROWS))) == ids
    assert identify(csv(tmp_path / "log.csv", HEAD, *ROWS)) == ids
    other = identify(csv(tmp_path / "log.csv", HEAD, *ROWS[:3], ROWS[3].replace("s2", "s3")))
    assert len(set(other) & set(ids)) == 3
    for before, after in (("2.5", "2.51"), ("Z,3", "Z,4"), ("buy", "view"), (":00.250", ":00.251"), ("007", "7")):
        assert identify(csv(tmp_path / "log.csv", HEAD, *(row.replace(before, after) for row in ROWS))) != ids


def test_ids_of_one_case_are_one_event(tmp_path: Path) -> None:
    spec = toml(tmp_path / "mine.toml")
    lower = spec.with_name("lower.toml")
    lower.write_text(f'id_case = "lower"\n{spec.read_text()}')
    ids = []
    for user in ("Ann", "ann"):
        path = csv(tmp_path / f"{user}.csv", "u,i,t", f"{user},X,2024-05-01")
        ids.append((identify(path, loader=str(spec)), identify(path, loader=str(lower))))
    assert ids[0][0] != ids[1][0]
    assert ids[0][1] == ids[1][1]


MOMENT = st.datetimes(datetime(1971, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.isoformat(" "))
VALUE = st.one_of(
    st.none(),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12),
    st.decimals(-1000, 1000, places=3).map(str),
    st.integers(-(10**12), 10**12).map(str),
    MOMENT,
    MOMENT.map(lambda text: text.replace(" ", "T") + "Z"),
    st.sampled_from(["True", "FALSE", "true", " 1.0 ", "1.", ".5", "-0.0", "1.10.3", "2024-05-01T00:00:00+02:00"]),
)


def in_duckdb(rows: Sequence[Mapping[str, str | None]], columns: Sequence[str]) -> list[int]:
    with workspace() as backend:
        schema = pa.schema([(name, pa.string()) for name in rows[0]])
        table = ibis.memtable(pa.Table.from_pylist(list(rows), schema))
        texts = table.select(place=ibis.row_number(), id=hashed(identity_text(table, columns)))
        found = backend.to_pyarrow(texts.order_by("place")).to_pylist()
    return [row["id"] for row in found]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({"b": VALUE, "a": VALUE, "c": VALUE}), min_size=20, max_size=80))
def test_a_single_event_has_the_id_that_it_has_in_a_file(rows: list[dict[str, str | None]]) -> None:
    columns = ("b", "a")
    texts = [{name: as_text(value) for name, value in row.items()} for row in rows]
    single = [event_id(single_identity(row, columns, ())) for row in texts]
    assert in_duckdb(rows, columns) == single


def test_a_single_event_without_a_key_has_the_id_that_it_has_in_a_file(tmp_path: Path) -> None:
    ids = identify(csv(tmp_path / "log.csv", HEAD, "u1,i1,Buy,2024-05-01T10:00:00Z,2.5,1,s1", ROWS[2]))
    moment = round(datetime(2024, 5, 1, 10, tzinfo=UTC).timestamp() * 1000)
    first = single_identity({"session": "s1"}, ["session"], ["u1", "i1", "buy", str(moment), "1.0", "2.5"])
    second = single_identity({"session": "7"}, ["session"], ["u1", "i2", "view", str(moment + 50_400_000), None, None])
    assert sorted(map(event_id, (first, second))) == ids
