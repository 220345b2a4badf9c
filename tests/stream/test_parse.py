"""Messages are understood as a load understands the rows of a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interestgraph import LoaderError
from interestgraph.ingest.clean import clean_events
from interestgraph.ingest.read import read_files, workspace
from interestgraph.ingest.record import Event
from interestgraph.ingest.spec import LoaderSpec, load_spec
from interestgraph.stream.parse import parser
from interestgraph.stream.times import parse_time

GOOD = {"user": "u", "item": "i", "behaviour": "buy", "time": "2024-05-01T10:00:00", "value": "1", "quantity": "2"}
VARIANTS: dict[str, list[Any]] = {
    "user": [" u 1 ", "a\tb\r\nc", "007", "", "  ", None, "\u00a0x", "ü"],
    "item": ["i", "", None],
    "behaviour": ["BUY", "Purchased", "pv", "eat", "", None, " view "],
    "value": ["1.5", " 2 ", "1e3", "-1", "much", "nan", "inf", "", None, "1_000", "0x1"],
    "quantity": ["3", "0", "-1", "few", None],
    "time": [
        *("2024-05-01", "2024-5-1", "2024/05/01 10:00", "2024-05-01 10:00:00.1239", "2024-05-01T10:00:00Z"),
        *("2024-05-01 10:00:00+02", "2024-05-01T10:00:00-0330", "20240501", "2024-05-01 10:00"),
        *("1714557600", "1714557600.257", "1714557600257", "1.7e9", "2024-02-30", "2024-05-01T25:00:00", "soon"),
        *("2024-05-01 10:00:00 Nowhere", "1969-12-31", "-5", "2099-01-01", "1e400", "nan", "20241399", "", None),
        *("2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-07-01T12:00:00.5"),
    ],
}
NUMBERS: dict[str, list[Any]] = {
    "user": [1, 7.0, 7.5, 1e20, -3.0],
    "time": [1_714_557_600, 1_714_557_600.257, 1_714_557_600_257.0, 20240501.0, -5.0, 1e15],
    "value": [1, 2.5, -1.0],
}


def spec_with(**events: Any) -> LoaderSpec:
    """The loader `events` with other keys under [events]."""
    spec = load_spec("events")
    return spec.model_copy(update={"events": spec.events.model_copy(update=events)})


def loaded(messages: list[dict[str, Any]], spec: LoaderSpec, folder: Path) -> list[tuple[Any, ...] | str]:
    """What a load makes of messages as rows: an event's values, or the reason why it is none."""
    log = folder / "log.jsonl"
    log.write_text("".join(json.dumps(message) + "\n" for message in messages), encoding="utf-8")
    now = datetime.now(UTC).replace(tzinfo=None)
    with workspace() as backend:
        clean = clean_events(backend, read_files(backend, [log]), spec, now=now)
        reasons = {row["row"]: row["reason"] for row in clean.rejected.to_pyarrow().to_pylist()}
        events = iter(clean.events.to_pyarrow().to_pylist())
        named = {}
        for row in events:
            # Each message has an item of its own, so that its event is found again.
            named[row["item"]] = (row["user"], row["behaviour"], row["at"], row["value"], row["quantity"])
    return [named.get(str(message["item"]), reasons.get(row, "")) for row, message in enumerate(messages, start=1)]


def streamed(messages: list[dict[str, Any]], spec: LoaderSpec) -> list[tuple[Any, ...] | str]:
    """What a stream makes of them."""
    parse = parser(spec)
    found: list[tuple[Any, ...] | str] = []
    for message in messages:
        event = parse(json.dumps(message).encode())
        if isinstance(event, Event):
            at = event.at.astimezone(UTC).replace(tzinfo=None)
            found.append((event.user, event.behaviour, at, event.value, event.quantity))
        else:
            found.append(event)
    return found


def messages_of(variants: dict[str, list[Any]], **good: Any) -> list[dict[str, Any]]:
    rows = [{**GOOD, **good, name: value} for name, values in variants.items() for value in values]
    return [{**row, "item": f"i{place}" if row["item"] == "i" else row["item"]} for place, row in enumerate(rows)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_text_means_what_it_means_in_a_file(tmp_path: Path, zone: str) -> None:
    messages = messages_of(VARIANTS)
    spec = spec_with(timezone=zone)
    wanted = loaded(messages, spec, tmp_path)
    assert len({reason for reason in wanted if isinstance(reason, str)}) >= 9
    for message, one, other in zip(messages, streamed(messages, spec), wanted, strict=True):
        assert one == other, message


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_mean_what_they_mean_in_a_file(tmp_path: Path, name: str) -> None:
    messages = messages_of({name: [float(value) for value in NUMBERS[name]]})
    spec = load_spec("events")
    for message, one, other in zip(messages, streamed(messages, spec), loaded(messages, spec, tmp_path), strict=True):
        assert one == other, message


@pytest.mark.parametrize(
    "events",
    [
        {"time_format": ("%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S")},
        {"behaviour": "VIEWED", "behaviour_column": ()},
        {"undated": datetime(2020, 1, 1), "time": ()},
        {"value": (), "unit_price": ("value",)},
    ],
)
def test_other_loaders_are_followed(tmp_path: Path, events: dict[str, Any]) -> None:
    spec = spec_with(**events)
    messages = messages_of({**VARIANTS, "time": ["31.12.2023 23:59", "2024-05-01T10:00:00", "2024-05-01", None]})
    for message, one, other in zip(messages, streamed(messages, spec), loaded(messages, spec, tmp_path), strict=True):
        assert one == other, message


def test_returns_by_sign_and_by_pattern() -> None:
    spec = load_spec("events")
    behaviours = {**spec.behaviours, "RETURNED": spec.behaviours["PURCHASED"].model_copy(
        update={"values": ("c*", "re*"), "strength": -1.0, "primary": False}
    )}  # fmt: skip
    spec = spec_with(negative_quantity="RETURNED").model_copy(update={"behaviours": behaviours})
    parse = parser(spec)
    kinds = []
    for more in ({"behaviour": "C1234"}, {"behaviour": "cart"}, {"behaviour": "refund"}, {"quantity": -2}):
        event = parse(json.dumps({**GOOD, **more}).encode())
        assert isinstance(event, Event)
        kinds.append(event.behaviour)
    assert kinds == ["RETURNED", "CARTED", "RETURNED", "RETURNED"]


def test_the_first_name_that_has_a_value_counts() -> None:
    parse = parser(load_spec("events"))
    message = {"customer_id": 7, "user": None, "product_id": 8.0, "event_type": "pv", "timestamp": 1_714_557_600}
    event = parse(json.dumps(message).encode())
    assert event == Event("7", "8", "VIEWED", datetime(2024, 5, 1, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"user": "u"} x', "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b"{}", "missing user"),
        (b'{"user": ["u"], "item": "i"}', "missing user"),
        (b'{"user": "u", "item": "\\ud800"}', "item is not text"),
        (b'{"user": "u", "item": "i", "time": NaN}', "missing time"),
        (b'{"user": "u", "item": "i", "time": {"at": 1}}', "missing time"),
        (b'{"user": "u", "item": "i", "time": true}', "unparseable time"),
        (b'{"user": "u", "item": "i", "time": "2024-05-01 10:00:00 Nowhere"}', "unparseable time"),
        (b'{"user": "u", "item": "i", "time": 1' + b"0" * 400 + b"}", "unparseable time"),
        (b'{"user": "u", "item": "i", "time": 1, "type": "view", "value": 1' + b"0" * 400 + b"}", "value is not"),
        (b'{"user": "u", "item": "i", "time": 1, "type": "view", "value": Infinity}', "value is not a number"),
    ],
)
def test_what_is_no_event_has_a_reason(text: bytes, reason: str) -> None:
    found = parser(load_spec("events"))(text)
    assert isinstance(found, str)
    assert found.startswith(reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(list(GOOD)), JSON))
def test_whatever_comes_is_an_event_or_has_a_reason(changes: dict[str, Any]) -> None:
    found = parser(load_spec("events"))(json.dumps({**GOOD, **changes}).encode())
    assert isinstance(found, (Event, str))


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), st.integers(-12 * 60, 12 * 60))
def test_times_come_back_to_the_millisecond(moment: datetime, minutes: int) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    millis = round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    written = [moment.isoformat(), local.isoformat(" "), moment.strftime("%Y-%m-%d %H:%M:%S.%f UTC")]
    paris = moment.astimezone(ZoneInfo("Europe/Paris"))
    if paris.fold or paris.replace(fold=1).utcoffset() == paris.utcoffset():
        written.append(paris.strftime("%Y-%m-%d %H:%M:%S.%f Europe/Paris"))
    for value in (*written, millis, str(millis), str(millis / 1000)):
        assert parse_time(value, ("auto",), "Europe/Berlin") == moment, value


def test_a_loader_that_needs_several_files_is_refused() -> None:
    with pytest.raises(LoaderError, match="loader instacart puts events together from several files"):
        parser(load_spec("instacart"))
