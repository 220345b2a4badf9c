"""Faulty log files: each row that is none is kept with its place and reason, and every other row counts."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from interestgraph.errors import DataError
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.spec import Format, load_spec
from tests.ingest.bench import NOW, Rows, ingest, toml

HEAD = b"user,item,event,time\n"
QUIET = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Found:
    """What a log became."""

    events: Rows
    rejected: list[tuple[Any, ...]]
    """row, column, value, reason; with the file's name before them where there are several files."""
    read: int

    @property
    def users(self) -> list[str]:
        return [event["user"] for event in self.events]


def found_in(*paths: Path, loader: str = "events", form: Format | None = None) -> Found:
    spec = load_spec(loader)
    with workspace() as backend:
        clean = clean_events(backend, read_files(backend, paths, form), spec, now=NOW, files=paths)
        events = clean.events.order_by("at", "user", "item").to_pyarrow().to_pylist()
        rejected = clean.rejected.order_by("file", "row").to_pyarrow().to_pylist()
        assert (clean.kept, clean.rejected_count, clean.outside) == (len(events), len(rejected), 0)
        assert clean.read == clean.kept + clean.duplicates + clean.rejected_count
    assert {row["file"] for row in rejected} <= {str(path) for path in paths}
    many = len(paths) > 1
    return Found(
        events=events,
        rejected=[
            ((Path(row["file"]).name,) if many else ()) + (row["row"], row["column"], row["value"], row["reason"])
            for row in rejected
        ],
        read=clean.read,
    )


def pack(path: Path, content: bytes) -> Path:
    """Write a file, packed as its name says."""
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    if path.suffix == ".zst":
        content = pa.Codec("zstd").compress(content, asbytes=True)
    path.write_bytes(content)
    return path


def row(number: int) -> bytes:
    return b"u%d,i%d,buy,2024-05-%02d\n" % (number, number % 7, number % 28 + 1)


def as_object(number: int) -> bytes:
    user, item, event, time = row(number).decode().strip().split(",")
    return json.dumps({"user": user, "item": item, "event": event, "time": time}).encode() + b"\n"


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_what_is_no_row_of_a_csv_file_is_kept_with_its_place_and_reason(tmp_path: Path, ending: str) -> None:
    content = [
        HEAD,
        row(1),
        b"u2,i\xff2,buy,2024-05-01\n",
        b"\n",
        b"u3,i3\n",
        row(4),
        b"u5,i5,buy,2024-05-01,x,\n",
        b'u6,"i6,buy,2024-05-01\n',
        b'u7,"i7"x,buy,2024-05-01\n',
        b"\n\n",
        b"u8,i8,eat,2024-05-01\n",
        b",,,\n",
        b'u10,"a ""good""\nitem",buy,2024-05-28,,\n',
        b"u11,i11,buy,soon\n",
        b"\0\0\0\0\n",
        b"u13,i13,buy,2024-05-29",
    ]
    found = found_in(pack(tmp_path / f"log.csv{ending}", b"".join(content)))
    assert found.rejected == [
        (2, "item", "u2,i\ufffd2,buy,2024-05-01", "bytes that are not of the file's encoding"),
        (3, "event", "u3,i3", "too few columns"),
        (5, None, "u5,i5,buy,2024-05-01,x,", "too many columns"),
        (6, "item", 'u6,"i6,buy,2024-05-01', "a quote that is not closed, or text after it"),
        (7, "item", 'u7,"i7"x,buy,2024-05-01', "a quote that is not closed, or text after it"),
        (8, "behaviour", "eat", "unknown behaviour"),
        (9, None, None, "empty row"),
        (11, "time", "soon", "unparseable time"),
        (12, "item", "\0\0\0\0", "too few columns"),
    ]
    assert found.users == ["u1", "u4", "u10", "u13"]
    assert found.events[2]["item"] == 'a "good" item'
    assert found.read == 13


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_what_is_no_object_of_a_json_file_is_kept_with_its_place_and_reason(tmp_path: Path, ending: str) -> None:
    content = [
        as_object(1),
        b"[1]\n",
        b"\n",
        b'"x"\n',
        as_object(4).replace(b"buy", b"eat"),
        b'{"user": "u5", "item"\n',
        as_object(6).replace(b"u6", b"u\xff6"),
        as_object(7).replace(b'"item"', b'"user"'),
        as_object(8),
        b"{}\n",
        b"null\n",
        as_object(11)[:-1] + as_object(12),
        as_object(12).strip(),
    ]
    found = found_in(pack(tmp_path / f"log.jsonl{ending}", b"".join(content)))
    line = content[8].decode().strip().replace("u8", "u7").replace("i1", "i0").replace("-09", "-08")
    assert found.rejected == [
        (2, None, "[1]", "not a JSON object"),
        (3, None, '"x"', "not a JSON object"),
        (4, "behaviour", "eat", "unknown behaviour"),
        (5, None, '{"user": "u5", "item"', "not a JSON object"),
        (6, None, content[6].decode(errors="replace").strip(), "bytes that are not of the file's encoding"),
        (7, None, line.replace('"item"', '"user"'), "a name twice in a JSON object"),
        (9, None, None, "empty row"),
        (10, None, "null", "not a JSON object"),
        (11, None, content[11].decode().strip(), "not a JSON object"),
    ]
    assert found.users == ["u1", "u8", "u12"]
    assert found.read == 12


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(("ending", "size"), [(".gz", 400), (".zst", 40_000)])  # blocks of zstd are large
def test_of_a_packed_file_that_is_cut_off_every_whole_line_counts(
    tmp_path: Path, kind: str, ending: str, size: int
) -> None:
    make, head = (row, HEAD) if kind == "csv" else (as_object, b"")
    lines = [make(number) for number in range(size)]
    path = pack(tmp_path / f"log.{kind}{ending}", head + b"".join(lines))
    whole = path.read_bytes()
    counts = []
    for part in (0.45, 0.6, 0.7, 0.9, 0.97, 1.0):
        path.write_bytes(whole[: min(round(part * len(whole)), len(whole) - 1)])
        found = found_in(path)
        kept = len(found.events)
        assert sorted(found.users) == sorted(f"u{number}" for number in range(kept))
        ((number, column, value, reason),) = found.rejected
        assert (number, column, reason) == (kept + 1, None, "the file ends in the middle (cut off)")
        assert [*lines, b""][kept].startswith(value.encode())
        assert found.read == kept + 1
        if ending == ".gz":
            text = zlib.decompressobj(31).decompress(path.read_bytes()).removeprefix(head)
            assert kept == text.count(b"\n")
        counts.append(kept)
    assert counts == sorted(counts)
    assert counts[0] > 0
    assert counts[-1] > 0.9 * size


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.zst", "log.jsonl.gz", "log.jsonl.zst"])
def test_a_file_that_is_cut_off_above_its_first_line_has_none(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / name, HEAD if "csv" in name else as_object(1))
    path.write_bytes(path.read_bytes()[:11])
    with pytest.raises(DataError, match=r"log\..* has no (header line|line that is a JSON object)"):
        found_in(path)


def test_parts_that_were_packed_one_by_one_are_one_file(tmp_path: Path) -> None:
    for ending in (".gz", ".zst"):
        first = pack(tmp_path / f"first.csv{ending}", HEAD + row(1)).read_bytes()
        second = pack(tmp_path / f"second.csv{ending}", row(2)).read_bytes()
        path = tmp_path / f"log.csv{ending}"
        path.write_bytes(first + second)
        assert found_in(path).users == ["u1", "u2"]


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_a_last_line_without_an_end_is_a_row(tmp_path: Path, name: str) -> None:
    make = row if name == "log.csv" else as_object
    head = HEAD if name == "log.csv" else b""
    found = found_in(pack(tmp_path / name, head + make(1) + make(2).strip()))
    assert (found.users, found.rejected) == (["u1", "u2"], [])


def test_a_header_in_the_middle_is_no_event(tmp_path: Path) -> None:
    found = found_in(pack(tmp_path / "log.csv", HEAD + row(1) + HEAD + row(2)))
    assert found.users == ["u1", "u2"]
    assert found.rejected == [(2, "user", "user", "header line again")]


def test_below_a_header_with_another_order_nothing_is_an_event(tmp_path: Path) -> None:
    path = pack(tmp_path / "log.csv", HEAD + row(1) + b"item,user,event,time\n" + row(2) + b"x\n" + row(3))
    other = pack(tmp_path / "other.csv", HEAD + row(4) + row(5))
    found = found_in(path, other)
    assert found.users == ["u1", "u4", "u5"]
    assert found.rejected == [
        ("log.csv", 2, "user", "item", "another header in the middle of the file"),
        ("log.csv", 3, None, None, "below another header in the middle of the file"),
        ("log.csv", 4, "item", "x", "too few columns"),
        ("log.csv", 5, None, None, "below another header in the middle of the file"),
    ]


def test_below_a_header_with_more_columns_nothing_is_an_event(tmp_path: Path) -> None:
    more = b"item,user,event,time,session\ni,u,buy,2024-05-01,7\n"
    found = found_in(pack(tmp_path / "log.csv", HEAD + row(1) + more))
    assert found.users == ["u1"]
    assert found.rejected == [
        (2, None, "item,user,event,time,session", "too many columns"),
        (3, None, "i,u,buy,2024-05-01,7", "too many columns"),
    ]


def test_ids_keep_their_case_and_lose_the_spaces_around_them(tmp_path: Path) -> None:
    found = found_in(pack(tmp_path / "log.csv", HEAD + b" u 1 ,I,buy,2024-05-01\nU 1,i,buy,2024-05-02\n"))
    assert [(event["user"], event["item"]) for event in found.events] == [("u 1", "I"), ("U 1", "i")]


def test_ids_that_the_server_could_not_index_are_no_ids(tmp_path: Path) -> None:
    long = "ü" * 2_001
    path = pack(tmp_path / "log.csv", HEAD + f"{long},i,buy,2024-05-01\nu,{long},buy,2024-05-01\n".encode() + row(3))
    found = found_in(path)
    assert found.users == ["u3"]
    assert found.rejected == [
        (1, "user", long, "user longer than 4,000 bytes"),
        (2, "item", long, "item longer than 4,000 bytes"),
    ]


def test_a_negative_quantity_is_for_what_lowers_interest(tmp_path: Path) -> None:
    spec = toml(
        tmp_path / "mine.toml",
        events='behaviour_column = "e"\nquantity = "q"',
        behaviours="[behaviours.PURCHASED]\nhalf_life = 9\n[behaviours.RETURNED]\nhalf_life = 9\nstrength = -1",
    )
    path = pack(
        tmp_path / "log.csv",
        b"u,i,t,e,q\nu,i,2024-05-01,purchased,-1\nu,i,2024-05-02,returned,-2\nu,i,2024-05-03,purchased,2\n",
    )
    found = found_in(path, loader=str(spec))
    assert [(event["behaviour"], event["quantity"]) for event in found.events] == [("RETURNED", -2), ("PURCHASED", 2)]
    assert found.rejected == [(1, "quantity", "-1", "negative quantity")]
    signed = spec.read_text().replace('quantity = "q"', 'quantity = "q"\nnegative_quantity = "RETURNED"')
    spec.write_text(signed)
    assert [event["behaviour"] for event in found_in(path, loader=str(spec)).events] == [
        "RETURNED",
        "RETURNED",
        "PURCHASED",
    ]


def test_offsets_without_a_colon_and_dates_of_eight_digits(tmp_path: Path) -> None:
    texts = ["2024-05-01T10:00:00+0200", "2024-05-01 10:00:00.5 -0330", "2024-05-01T10:00:00+02", "20240501"]
    lines = [f"u{place},i,buy,{text}\n".encode() for place, text in enumerate(texts)]
    found = found_in(pack(tmp_path / "log.csv", HEAD + b"".join(lines)))
    moments = {event["user"]: event["at"] for event in found.events}
    assert moments == {
        "u0": datetime(2024, 5, 1, 8),
        "u1": datetime(2024, 5, 1, 13, 30, 0, 500_000),
        "u2": datetime(2024, 5, 1, 8),
        "u3": datetime(2024, 5, 1),
    }
    numbers = {"user": ["u", "v"], "item": ["i", "i"], "event": ["buy", "buy"], "time": [20240501, 1714521600]}
    pq.write_table(pa.table(numbers), tmp_path / "log.parquet")
    assert [event["at"] for event in found_in(tmp_path / "log.parquet").events] == [datetime(2024, 5, 1)] * 2


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEAD + row(1) + row(2),
        (HEAD + row(1) + row(2)).replace(b"\n", b"\r\n"),
        (HEAD + row(1) + row(2)).replace(b"\n", b"\r"),
        (HEAD + row(1)).replace(b"\n", b"\r\n") + row(2),
        HEAD + row(1) + row(2).replace(b"\n", b"\r\n"),
        b"\n\r\n" + HEAD + row(1) + row(2),
        b"\xef\xbb\xbf\n" + HEAD + row(1) + b"\n\n" + row(2),
        b'"user","item","event","time"\n"u1","i1","buy","2024-05-02"\n"u2" , "i2","buy","2024-05-03"\n',
    ],
    ids=["mark", "windows", "mac", "windows-then-unix", "unix-then-windows", "empty-first", "mark-empty", "quotes"],
)
def test_line_ends_and_marks_of_all_kinds(tmp_path: Path, content: bytes) -> None:
    found = found_in(pack(tmp_path / "log.csv", content))
    assert [(event["user"], event["item"]) for event in found.events] == [("u1", "i1"), ("u2", "i2")]
    assert found.rejected == []
    # The same with a row that is none: another way through the code, and the same rows.
    again = found_in(pack(tmp_path / "log.csv", content + (b"\r" if b"\n" not in content else b"\n") + b"x,y"))
    assert again.events == found.events
    assert again.rejected == [(3, "event", "x,y", "too few columns")]


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + as_object(1) + as_object(2), as_object(1) + b"\r\n" + as_object(2)]
)
def test_marks_and_line_ends_of_json_lines(tmp_path: Path, content: bytes) -> None:
    for text in (content, content.replace(b"\n", b"\r\n")):
        found = found_in(pack(tmp_path / "log.jsonl", text))
        assert (found.users, found.rejected) == (["u1", "u2"], [])


def test_a_carriage_return_or_a_nul_in_a_value_does_no_harm(tmp_path: Path) -> None:
    found = found_in(
        pack(tmp_path / "log.csv", HEAD + b"u\r1,i,buy,2024-05-01\n" + b"u\x002,i,buy,2024-05-02\n" + row(3))
    )
    assert found.users == ["u 1", "u\x002", "u3"]


def test_lines_that_are_too_long_are_no_rows(tmp_path: Path) -> None:
    long = b"u" * 3_000_000
    found = found_in(pack(tmp_path / "log.csv", HEAD + row(1) + long + b",i,buy,2024-05-01\n" + row(3)))
    assert found.users == ["u1", "u3"]
    assert found.rejected == [(2, None, "u" * 1_000, "line too long")]
    longer = as_object(2).replace(b"}", b', "title": "' + long + b'"}')
    found = found_in(pack(tmp_path / "log.jsonl", as_object(1) + longer + as_object(3)))
    assert found.users == ["u1", "u2", "u3"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_faults_in_other_encodings(tmp_path: Path, encoding: Any) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(
        'user,item,event,time\nü1,i,buy,2024-05-01\nü2,i\n"ü3,i,buy,2024-05-01\nü4,i,buy,2024-05-02\n'.encode(encoding)
    )
    found = found_in(path, form=Format(encoding=encoding))
    assert found.users == ["ü1", "ü4"]
    assert [(entry[0], entry[2]) for entry in found.rejected] == [(2, "ü2,i"), (3, '"ü3,i,buy,2024-05-01')]


def test_only_the_broken_one_of_several_files_loses_rows(tmp_path: Path) -> None:
    first = pack(tmp_path / "a.csv", HEAD + row(1) + row(2))
    broken = pack(tmp_path / "b.csv", HEAD + row(3) + b'"\n' + row(4) + b",x,buy,2024-05-01\n")
    last = pack(tmp_path / "c.jsonl", as_object(5) + b"no\n" + as_object(6))
    found = found_in(first, broken, last)
    assert sorted(found.users) == ["u1", "u2", "u3", "u4", "u5", "u6"]
    assert found.rejected == [
        ("b.csv", 2, "user", '"', "a quote that is not closed, or text after it"),
        ("b.csv", 4, "user", None, "missing user"),
        ("c.jsonl", 2, None, "no", "not a JSON object"),
    ]


def test_a_quote_that_is_not_closed_costs_one_row_of_a_large_file(tmp_path: Path) -> None:
    lines = [row(number) for number in range(200_000)]
    lines[700] = b'"u700,i,buy,2024-05-01\n'
    lines[150_000] = b"u,\n"
    found = found_in(pack(tmp_path / "log.csv", HEAD + b"".join(lines)))
    assert len(found.events) == 199_998
    assert [entry[0] for entry in found.rejected] == [701, 150_001]


def test_faults_of_a_catalogue_do_not_stop_the_log(tmp_path: Path) -> None:
    rest = '[items]\nfile = "things"\nid = "id"\ntitle = "name"'
    spec = toml(tmp_path / "mine.toml", rest=rest)
    spec.write_text(spec.read_text().replace("[files]", '[files]\nthings = "things.csv"'))
    log = pack(tmp_path / "log.csv", b"u,i,t\nu,1,2024-05-01\n")
    things = pack(tmp_path / "things.csv", b'id,name\n1,Tea\n2,"Cake\n3,Soap\n')
    from interestgraph.ingest.aggregate import build_tables
    from interestgraph.ingest.faults import settled, unreadable

    loader = load_spec(str(spec))
    with workspace() as backend:
        raw = {"log": read_files(backend, [log]), "things": read_files(backend, [things])}
        events = clean_events(backend, raw["log"], loader, now=NOW).events
        tables = settled(backend, lambda: build_tables(backend, loader, events, raw))
        titles = {item["itemId"]: item["title"] for item in tables.items.to_pyarrow().to_pylist()}
        broken = unreadable(backend).to_pyarrow().to_pylist()
    assert titles == {"1": "Tea", "3": "Soap"}
    assert broken == [
        {
            "file": str(things),
            "row": 2,
            "column": "name",
            "value": '2,"Cake',
            "reason": "a quote that is not closed, or text after it",
        }
    ]


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    columns = {"user": [f"u{n}" for n in range(5_000)], "item": ["i"] * 5_000, "event": ["buy"] * 5_000}
    pq.write_table(pa.table({**columns, "time": [1_714_521_600] * 5_000}), path)
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(400) + content[600:])
    with pytest.raises(DataError, match=r"log\.parquet"):
        found_in(path)
    path.write_bytes(content[:-300])
    with pytest.raises(DataError, match=r"log\.parquet cannot be read"):
        found_in(path)


FAULTS = st.sampled_from(
    [
        b"\xff\xfe",
        b"u,i",
        b"u,i,buy,2024-05-01,more,columns",
        b'"u,i,buy,2024-05-01',
        b'u,"i,buy,2024-05-01',
        b'u,"i"i,buy,2024-05-01',
        b"\0\0\0",
        b"u,i,eat,2024-05-01",
        b"u,i,buy,then",
        b",,,",
        b"u\r,i,buy,2024-05-01,\r",
        b"   ",
    ]
)


@QUIET
@given(
    faults=st.dictionaries(st.integers(0, 29), FAULTS, min_size=1, max_size=6), ends=st.sampled_from([b"\n", b"\r\n"])
)
def test_whatever_is_wrong_with_other_lines_a_good_one_counts_once(
    tmp_path: Path, faults: dict[int, bytes], ends: bytes
) -> None:
    lines = [faults.get(number, row(number).strip()) for number in range(30)]
    found = found_in(pack(tmp_path / "log.csv", ends.join([HEAD.strip(), *lines, b""])))
    assert sorted(user for user in found.users if user != "u") == sorted(
        f"u{number}" for number in range(30) if number not in faults
    )
    assert found.read == 30
    kept = [number for number, text in faults.items() if text == b"u\r,i,buy,2024-05-01,\r"]
    assert {entry[0] for entry in found.rejected} <= {number + 1 for number in faults}
    assert len(found.rejected) >= len(faults) - len(kept)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@QUIET
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=2)), min_size=1, max_size=5))
@example(changes=[(1022, b"0")])  # of user 15, whose line of JSON it becomes one of user 10's
def test_any_bytes_anywhere_spoil_no_other_line(
    tmp_path: Path, kind: str, changes: Sequence[tuple[int, bytes]]
) -> None:
    make, head = (row, HEAD) if kind == "csv" else (as_object, b"")
    good = b"".join(make(number) for number in range(20))
    content, touched = bytearray(good), set[int]()
    quoted = False
    for position, change in changes:
        if kind == "csv" and b'"' in change:  # one that opens and one that closes would make one row of several lines
            if quoted or change.count(b'"') > 1:
                continue
            quoted = True
        place = position % (len(content) - len(change))
        touched |= set(range(good[:place].count(b"\n"), good[: place + len(change)].count(b"\n") + 1))
        content[place : place + len(change)] = change if b"\n" not in change else b"#" * len(change)
    path = pack(tmp_path / f"log.{kind}", head + bytes(content))
    # With the day, since a line that is touched may name another user.
    seen = Counter((event["user"], event["at"].day) for event in found_in(path).events)
    assert all(seen[f"u{number}", number + 1] == 1 for number in range(20) if number not in touched)


def test_ids_of_one_case(tmp_path: Path) -> None:
    rest = '[items]\nfile = "log"\nid = "i"\ntitle = "n"'
    spec = toml(tmp_path / "mine.toml", rest=rest)
    path = pack(tmp_path / "log.csv", b"u,i,t,n\nAnn,X,2024-05-01,Tea\nann,x,2024-05-02,\n\xc3\x9cte,x,2024-05-03,\n")
    for case, users in (("keep", {"Ann", "ann", "Üte"}), ("lower", {"ann", "üte"}), ("upper", {"ANN", "ÜTE"})):
        one = spec.with_name(f"{case}.toml")
        one.write_text(f'id_case = "{case}"\n{spec.read_text()}')
        found = ingest(str(one), [path])
        assert {event["user"] for event in found.events} == users
        assert {user["userId"] for user in found.tables["users"]} == users
        titles = {item["itemId"]: item["title"] for item in found.tables["items"]}
        assert titles == {"keep": {"X": "Tea", "x": None}, "lower": {"x": "Tea"}, "upper": {"X": "Tea"}}[case]
