"""Reading: one log in many file formats gives the same events."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interestgraph.errors import DataError
from tests.ingest.bench import Rows, clean, csv, ingest, toml

HEADER = ["user", "item", "event", "time", "value", "quantity", "title"]
RECORDS: list[tuple[Any, ...]] = [
    ("007", "x1", "view", "2024-05-01T10:00:00Z", None, None, 'An "odd"; title, with marks'),
    ("007", "000", "Purchase", "2024-05-02T10:00:00Z", 2.5, 2, "Zwölf Äpfel"),
    ("é,1", "x1", "buy", "2024-05-03T10:00:00.250Z", 1.25, None, None),
]


def separated(mark: str) -> bytes:
    def cell(value: Any) -> str:
        if value is None:
            return ""
        text = str(value)
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if any(sign in text for sign in ',;"\t|') else text

    lines = [mark.join(HEADER), *(mark.join(map(cell, record)) for record in RECORDS)]
    return ("\n".join(lines) + "\n").encode()


def json_lines() -> bytes:
    import json

    return "".join(json.dumps(dict(zip(HEADER, record, strict=True))) + "\n" for record in RECORDS).encode()


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def as_parquet(path: Path) -> Path:
    columns: dict[str, Any] = {
        name: list(column) for name, column in zip(HEADER, zip(*RECORDS, strict=True), strict=True)
    }
    moments = [datetime.fromisoformat(text) for text in columns["time"]]
    return parquet(path, **{**columns, "time": pa.array(moments, pa.timestamp("us", "UTC"))})


CONTENT = {
    "log.csv": separated(","),
    "semicolon.csv": separated(";"),
    "log.tsv": separated("\t"),
    "bar.csv": separated("|"),
    "windows.csv": b"\xef\xbb\xbf" + separated(",").replace(b"\n", b"\r\n"),
    "log.jsonl": json_lines(),
    "log.ndjson": json_lines(),
    "log.csv.gz": gzip.compress(separated(",")),
    "log.tsv.gz": gzip.compress(separated("\t")),
    "log.jsonl.gz": gzip.compress(json_lines()),
}
EVENTS = [
    ("007", "x1", "VIEWED", datetime(2024, 5, 1, 10), 0.1, None, None),
    ("007", "000", "PURCHASED", datetime(2024, 5, 2, 10), 1.0, 2.0, 2.5),
    ("é,1", "x1", "PURCHASED", datetime(2024, 5, 3, 10, 0, 0, 250_000), 1.0, None, 1.25),
]


def tuples(rows: Rows) -> list[tuple[Any, ...]]:
    names = ("user", "item", "behaviour", "at", "strength", "quantity", "value")
    return [tuple(row[name] for name in names) for row in rows]


@pytest.mark.parametrize("name", [*CONTENT, "log.parquet"])
def test_every_format_gives_the_same_events(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".parquet"):
        as_parquet(path)
    else:
        path.write_bytes(CONTENT[name])
    found = ingest("events", [path])
    assert tuples(found.events) == EVENTS
    assert found.rejected == []
    titles = {row["itemId"]: row["title"] for row in found.tables["items"]}
    assert titles == {"x1": 'An "odd"; title, with marks', "000": "Zwölf Äpfel"}


def test_files_of_several_formats_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CONTENT["log.csv"])
    paths = [tmp_path / "a.csv", as_parquet(tmp_path / "b.parquet")]
    assert tuples(clean("events", paths).events) == sorted([*EVENTS, *EVENTS], key=lambda event: event[3])


def test_files_whose_columns_come_in_another_order_are_one_log(tmp_path: Path) -> None:
    first = csv(tmp_path / "a.csv", "user,item,event,time", "u,i,buy,2024-05-01")
    second = csv(tmp_path / "b.csv", "time,event,item,user", "2024-05-02,buy,j,v")
    assert [(row["user"], row["item"]) for row in clean("events", [first, second]).events] == [("u", "i"), ("v", "j")]


def test_numbers_here_and_text_there_are_the_same_ids(tmp_path: Path) -> None:
    time = pa.array([datetime(2024, 5, 1)], pa.timestamp("ns"))
    number = parquet(tmp_path / "a.parquet", user=[7], item=[1.0], event=["buy"], time=time)
    text = parquet(tmp_path / "b.parquet", user=["7"], item=["1"], event=["buy"], time=[1_714_608_000])
    found = ingest("events", [number, text])
    (row,) = found.tables["interactions"]
    assert (row["userId"], row["itemId"], row["count"]) == ("7", "1", 2)
    assert (row["firstAt"], row["lastAt"]) == (datetime(2024, 5, 1), datetime(2024, 5, 2))


def test_json_text_stays_as_it_is_whatever_it_looks_like(tmp_path: Path) -> None:
    uuid = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"
    path = csv(
        tmp_path / "log.jsonl",
        f'{{"user": "{uuid}", "item": "2024-01-01", "event": "buy", "time": "2024-05-01T10:00:00+02:00"}}',
        f'{{"user": "{uuid}", "item": "2024-01-02", "event": "buy", "time": "2024-05-02T10:00:00Z"}}',
    )
    found = [(row["user"], row["item"], row["at"].hour) for row in clean("events", [path]).events]
    assert found == [(uuid, "2024-01-01", 8), (uuid, "2024-01-02", 10)]


def test_json_values_of_mixed_kinds_are_one_column(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "log.jsonl",
        '{"user": "007", "item": 5, "event": "buy", "time": "2024-05-01T00:00:00Z"}',
        '{"user": 8, "item": "x", "event": "buy", "time": 1714608000}',
        '{"item": "x", "event": "buy", "time": 1714608000, "user": null}',
    )
    found = clean("events", [path])
    assert [(row["user"], row["item"], row["at"].day) for row in found.events] == [("007", "5", 1), ("8", "x", 2)]
    assert [row["reason"] for row in found.rejected] == ["missing user"]


def test_ids_keep_their_form(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "log.parquet",
        user=["007", " 7 ", "7\n8", "#7"],
        item=[1.0, 2.0**40, 2.5, 3.0],
        event=["buy"] * 4,
        time=[datetime(2024, 5, day, tzinfo=UTC) for day in (1, 2, 3, 4)],
    )
    found = clean("events", [path]).events
    assert [row["user"] for row in found] == ["007", "7", "7 8", "#7"]
    assert [row["item"] for row in found] == ["1", "1099511627776", "2.5", "3"]


def test_numbers_that_are_none_in_float_columns_do_no_harm(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "log.parquet",
        user=pa.array([1.0, float("nan"), 3.0, 4.0], from_pandas=False),
        item=["a", "b", "c", "d"],
        event=["buy"] * 4,
        time=pa.array([1.7145e9, 1.7145e9, 1.7145e9, float("nan")], from_pandas=False),
        value=pa.array([float("nan"), 1.0, float("inf"), 1.0], from_pandas=False),
    )
    found = clean("events", [path])
    assert [(row["user"], row["value"]) for row in found.events] == [("1", None)]
    assert [row["reason"] for row in found.rejected] == ["missing user", "value is not a number", "missing time"]


def test_decimals_and_booleans_are_values(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "log.parquet",
        user=["u", "u"],
        item=["a", "b"],
        event=["buy"] * 2,
        time=[1, 2],
        value=[Decimal("1.50"), Decimal("2.25")],
    )
    assert [row["value"] for row in clean("events", [path]).events] == [1.5, 2.25]


def test_a_wrong_column_name_comes_with_those_that_are_there(tmp_path: Path) -> None:
    path = csv(tmp_path / "log.csv", "User,item,event,time", "u,i,buy,2024-05-01")
    with pytest.raises(DataError) as caught:
        clean("events", [path])
    assert str(caught.value) == (
        f"{path} has no column any of user, user_id, userId, customer_id (loader events, events.user); "
        "its columns: User, item, event, time"
    )


def test_a_column_that_is_not_optional_is_asked_for(tmp_path: Path) -> None:
    spec = toml(tmp_path / "mine.toml", events='behaviour = "PURCHASED"\nquantity = "q"')
    path = csv(tmp_path / "log.csv", "u,i,t", "u,i,2024-05-01")
    with pytest.raises(DataError, match=r"has no column q \(loader mine, events\.quantity\)"):
        clean(str(spec), [path])


def test_files_with_different_columns_are_refused(tmp_path: Path) -> None:
    first = csv(tmp_path / "a.csv", "user,item,event,time", "u,i,buy,2024-05-01")
    second = csv(tmp_path / "b.csv", "user,item,event,date", "u,i,buy,2024-05-01")
    with pytest.raises(DataError, match=r"b\.csv: its columns differ from those of .*a\.csv: date, time"):
        clean("events", [first, second])


def test_the_index_column_of_a_data_frame_does_no_harm(tmp_path: Path) -> None:
    path = csv(tmp_path / "log.csv", ",user,item,event,time", "0,u,i,buy,2024-05-01")
    assert len(clean("events", [path]).events) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", r"empty\.csv is empty"),
        ("empty.jsonl", b"", r"empty\.jsonl is empty"),
        ("blank.csv", b"\n\n", r"blank\.csv has no header line"),
        ("broken.jsonl", b"no json\n[1]\n", r"broken\.jsonl has no line that is a JSON object"),
        ("fake.parquet", b"user,item,event,time\n", r"fake\.parquet cannot be read"),
        ("fake.csv.gz", b"user,item,event,time\n", r"fake\.csv\.gz cannot be read: not a gzipped file, or damaged"),
        ("fake.csv.zst", b"user,item,event,time\n", r"fake\.csv\.zst cannot be read: not a zstd file, or damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_on_one_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        clean("events", [path])
    assert "\n" not in str(caught.value)
    assert "Possible" not in str(caught.value)


def test_names_that_are_taken_are_refused(tmp_path: Path) -> None:
    path = csv(tmp_path / "log.csv", "user,item,event,time,_row", "u,i,buy,2024-05-01,1")
    with pytest.raises(DataError, match="_file and _row are taken"):
        clean("events", [path])
