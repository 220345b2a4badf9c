"""Splitting a log into train, validation and test events with encoded ids, for other tools and for `evaluate`.

By a moment (a cut, or quantiles of time) the split is global: no training event is later than any test event, for
no user, so nothing leaks from the future. By the last events of each user it is not, and says so. Source of the
distinction: Ji, Sun, Zhang and Li, "A critical study on data leakage in recommender system offline evaluation",
ACM TOIS 2023.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from math import isclose
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from interestgraph import __version__
from interestgraph.errors import ConfigurationError, DataError, DiskSpaceError
from interestgraph.ingest.clean import CleanEvents
from interestgraph.ingest.events import read_events
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import LoaderSpec, find_files, load_spec
from interestgraph.model import Progress, utc

PARTS = ("train", "validation", "test")
MANIFEST = "manifest.json"
EVENT_SCHEMA = pa.schema(
    {
        "user": pa.int64(),
        "item": pa.int64(),
        "behaviour": pa.string(),
        "at": pa.timestamp("ms", tz="UTC"),
        "strength": pa.float64(),
        "quantity": pa.float64(),
        "value": pa.float64(),
    }
)
"""Columns of the event files; user and item are codes."""
ID_SCHEMA = pa.schema({"code": pa.int64(), "id": pa.string(), "inTrain": pa.bool_()})
"""Columns of ``users.parquet`` and ``items.parquet``."""
_CHUNK = 1 << 18


@dataclass(frozen=True)
class SplitConfig:
    """What to split, and how: exactly one of `cut`, `last` and `ratio`."""

    loader: str
    """Name of a shipped specification, or path of a TOML file."""
    out: Path
    """Folder to write."""
    data: Path | None = None
    """File or folder of the log; None: the package that brings it."""
    cut: datetime | None = None
    """Test begins at this moment."""
    validation_cut: datetime | None = None
    """With `cut`: validation begins at this moment."""
    validation_days: float | None = None
    """With `cut`: validation begins this many days before it."""
    last: int | None = None
    """Events at the end of each user's history that are the test, as many before them the validation."""
    ratio: tuple[float, float, float] | None = None
    """Shares of train, validation and test, in order of time."""
    overwrite: bool = False
    """Whether a split that is already in `out` may be replaced."""

    def __post_init__(self) -> None:
        if [self.cut, self.last, self.ratio].count(None) != 2:
            raise ConfigurationError("give exactly one of cut, last and ratio")
        if self.cut is None and (self.validation_cut or self.validation_days) is not None:
            raise ConfigurationError("a validation cut or validation days need a cut")
        if self.validation_cut is not None and self.validation_days is not None:
            raise ConfigurationError("give a validation cut or validation days, not both")
        if self.validation_days is not None and self.validation_days <= 0:
            raise ConfigurationError(f"validation days must be positive, got {self.validation_days:g}")
        if self.cut is not None and self.validation_cut is not None and utc(self.validation_cut) >= utc(self.cut):
            raise ConfigurationError(f"the validation cut {self.validation_cut} must lie before the cut {self.cut}")
        if self.last is not None and self.last < 1:
            raise ConfigurationError(f"last must be at least 1, got {self.last}")
        if self.ratio is not None:
            _check_ratio(self.ratio)

    @property
    def kind(self) -> str:
        """``cut``, ``last`` or ``ratio``."""
        return "cut" if self.cut is not None else "last" if self.last is not None else "ratio"


def _check_ratio(ratio: tuple[float, float, float]) -> None:
    train, validation, test = ratio
    if train <= 0 or test <= 0 or validation < 0 or not isclose(sum(ratio), 1.0, abs_tol=1e-6):
        shown = "/".join(f"{share:g}" for share in ratio)
        raise ConfigurationError(f"ratio must be train/validation/test shares that sum to 1, got {shown}")


@dataclass(frozen=True)
class SplitPart:
    """One of the event files."""

    name: str
    """``train``, ``validation`` or ``test``."""
    events: int
    users: int
    items: int
    first_event_at: datetime | None
    last_event_at: datetime | None


@dataclass(frozen=True)
class SplitReport:
    """What a split wrote."""

    folder: Path
    loader: str
    kind: str
    """``cut``, ``last`` or ``ratio``."""
    leak_free: bool
    """Whether no training event is later than a validation or test event of any user."""
    validation_cut: datetime | None
    """Validation begins here; None: there is none, or the split is not by time."""
    cut: datetime | None
    """Test begins here; None: the split is not by time."""
    rows: int
    """Rows read from the log."""
    duplicates: int
    """Rows that are events of the log already, by the loader's key columns."""
    rejected: int
    parts: tuple[SplitPart, ...]
    users: int
    """Entries of ``users.parquet``; the first `train_users` codes occur in train."""
    items: int
    train_users: int
    train_items: int
    notes: tuple[str, ...] = field(default=())


def split(config: SplitConfig, progress: Progress | None = None) -> SplitReport:
    """Write ``train``, ``validation``, ``test``, ``users`` and ``items`` (Parquet) and ``manifest.json``.

    Codes count from 0: first the ids of train in order of their text, then those that only occur in validation, then
    those that only occur in test. The folder appears when it is complete, and not before.

    Args:
        config: what to split.
        progress: called with step, files done, files in all.

    Raises:
        ConfigurationError: the folder is not empty, or the log has no times to cut at.
        DataError, LoaderError: the log cannot be read, or train or test would be empty.
        DiskSpaceError: the folder cannot be written for want of space.
    """
    spec = load_spec(config.loader)
    if spec.events.undated is not None and config.last is None:
        raise ConfigurationError(f"loader {spec.name} has no times, so its log cannot be cut in time: use --last N")
    files = find_files(spec, config.data)
    _check_folder(config)
    with workspace() as backend, _folder(config) as folder:
        clean = read_events(backend, spec, files)
        moments = _moments(clean.events, config)
        events = backend.create_table("parted", clean.events.mutate(part=_part(clean.events, config, moments)))
        ids = {key: backend.create_table(f"{key}s", _codes(events, key)) for key in ("user", "item")}
        parts = tuple(_described(events, number) for number in range(len(PARTS)))
        _check_parts(parts, clean, moments)
        report = _report(config, spec, clean, moments, parts, ids)
        _write(folder, events, ids, progress)
        _write_manifest(folder, spec, files, report)
    return report


def _moments(events: ir.Table, config: SplitConfig) -> tuple[datetime, datetime] | None:
    """Beginning of validation and of test (naive, UTC); equal where there is no validation; None: not by time."""
    if config.ratio is not None:
        train, validation, _ = config.ratio
        return _quantile(events, train), _quantile(events, train + validation)
    if config.cut is None:
        return None
    cut = utc(config.cut).replace(tzinfo=None)
    if config.validation_cut is not None:
        return utc(config.validation_cut).replace(tzinfo=None), cut
    return cut - timedelta(days=config.validation_days or 0), cut


def _quantile(events: ir.Table, share: float) -> datetime:
    """The moment before which `share` of the events lie; those of one moment are all on its later side."""
    before = int(share * int(events.count().to_pyarrow().as_py()) + 1e-6)
    rows = events.select("at").order_by("at").limit(1, offset=before).to_pyarrow().to_pylist()
    if not rows:
        raise DataError(f"the log has too few events to put {share:g} of them before a moment")
    moment: datetime = rows[0]["at"]
    return moment


def _part(events: ir.Table, config: SplitConfig, moments: tuple[datetime, datetime] | None) -> ir.Value:
    """0, 1 or 2: train, validation or test."""
    if moments is not None:
        validation, test = (ibis.literal(moment) for moment in moments)
        return ibis.cases((events["at"] < validation, 0), (events["at"] < test, 1), else_=2)
    assert config.last is not None
    # Events of one moment are in no order: by their ids, which are hashes, no item comes before the others.
    history = ibis.window(group_by=events.user, order_by=[events["at"].desc(), events.eventId])
    newer = ibis.row_number().over(history)
    total = events.count().over(ibis.window(group_by=events.user))
    # The first event of every user stays in train, so that no user of the test is unknown.
    return ibis.cases((newer == total - 1, 0), (newer < config.last, 2), (newer < 2 * config.last, 1), else_=0)


def _codes(events: ir.Table, key: str) -> ir.Table:
    """Ids with codes: those of train come first, then those that validation brings, then those of test."""
    found = events.group_by(id=events[key]).agg(part=events.part.min())
    code = ibis.row_number().over(ibis.window(order_by=[found.part, found.id]))
    return found.select(code=code.cast("int64"), id=found.id, inTrain=found.part == 0)


def _described(events: ir.Table, number: int) -> SplitPart:
    part = events.filter(events.part == number)
    (found,) = (
        part.agg(
            events=part.count(),
            users=part.user.nunique(),
            items=part.item.nunique(),
            first_event_at=part["at"].min(),
            last_event_at=part["at"].max(),
        )
        .to_pyarrow()
        .to_pylist()
    )
    first, last = _aware(found.pop("first_event_at")), _aware(found.pop("last_event_at"))
    return SplitPart(PARTS[number], **found, first_event_at=first, last_event_at=last)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else utc(moment)


def _check_parts(parts: tuple[SplitPart, ...], clean: CleanEvents, moments: tuple[datetime, datetime] | None) -> None:
    if not clean.kept:
        raise DataError(f"the log has no usable event ({clean.rejected_count:,} rows rejected): nothing was split")
    for part in (parts[0], parts[2]):
        if part.events:
            continue
        first = min(other.first_event_at for other in parts if other.first_event_at)
        last = max(other.last_event_at for other in parts if other.last_event_at)
        span = f"the log goes from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}"
        if moments is None:
            raise DataError(f"{part.name} would be empty: no user has two events")
        begin = moments[0] if part.name == "train" else moments[1]
        side = "before" if part.name == "train" else "at or after"
        raise DataError(f"{part.name} would be empty: no event {side} {begin:%Y-%m-%d %H:%M:%S}; {span}")


def _report(
    config: SplitConfig,
    spec: LoaderSpec,
    clean: CleanEvents,
    moments: tuple[datetime, datetime] | None,
    parts: tuple[SplitPart, ...],
    ids: dict[str, ir.Table],
) -> SplitReport:
    def count(table: ir.Table) -> int:
        return int(table.count().to_pyarrow().as_py())

    notes = []
    if moments is None:
        notes.append(
            "the last events of each user are not leak-free: train holds events of some users that are later than "
            "test events of others, so compare across users with --cut or --ratio"
        )
        if spec.events.undated is not None:
            notes.append("the log has no times: which events are last was decided by a hash")
    if not parts[1].events:
        notes.append("validation is empty")
    return SplitReport(
        folder=config.out,
        loader=spec.name,
        kind=config.kind,
        leak_free=moments is not None,
        validation_cut=_aware(moments[0]) if moments and moments[0] < moments[1] else None,
        cut=_aware(moments[1]) if moments else None,
        rows=clean.read,
        duplicates=clean.duplicates,
        rejected=clean.rejected_count,
        parts=parts,
        users=count(ids["user"]),
        items=count(ids["item"]),
        train_users=count(ids["user"].filter(ids["user"].inTrain)),
        train_items=count(ids["item"].filter(ids["item"].inTrain)),
        notes=tuple(notes),
    )


def _write(folder: Path, events: ir.Table, ids: dict[str, ir.Table], progress: Progress | None) -> None:
    coded = events
    for key, table in ids.items():
        coded = coded.join(table.select(**{key: table.id, f"_{key}": table.code}), key).drop(key)
    coded = coded.rename(user="_user", item="_item")
    order = ("at", "user", "item", "behaviour", "value", "quantity")
    tables = {
        name: (coded.filter(coded.part == number).order_by(*order), EVENT_SCHEMA) for number, name in enumerate(PARTS)
    }
    for key, table in ids.items():
        tables[f"{key}s"] = table.order_by("code"), ID_SCHEMA
    for done, (name, (table, schema)) in enumerate(tables.items(), start=1):
        _write_table(folder / f"{name}.parquet", table, schema)
        if progress:
            progress("write", done, len(tables))


def _write_table(path: Path, table: ir.Table, schema: pa.Schema) -> None:
    """Stream a table to a file, so that memory does not grow with it."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in table.select(*schema.names).to_pyarrow_batches(chunk_size=_CHUNK):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def _write_manifest(folder: Path, spec: LoaderSpec, files: dict[str, list[Path]], report: SplitReport) -> None:
    sources = sorted({path for paths in files.values() for path in paths})
    manifest = {
        "version": __version__,
        "loader": spec.name,
        "specification": spec.model_dump(mode="json"),
        "sources": [{"name": path.name, "sha256": _sha256(path)} for path in sources],
        **{name: value for name, value in asdict(report).items() if name not in ("folder", "loader")},
        "files": {path.name: _sha256(path) for path in sorted(folder.iterdir())},
    }
    text = json.dumps(manifest, default=lambda moment: moment.isoformat(), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_folder(config: SplitConfig) -> None:
    out = config.out
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is a file: give a folder")
    if not out.exists() or not any(out.iterdir()):
        return
    if not config.overwrite:
        raise ConfigurationError(f"{out} is not empty: choose another folder, or --overwrite to replace a split")
    if not (out / MANIFEST).is_file():
        raise ConfigurationError(f"{out} holds no split ({MANIFEST} is missing): it is not replaced")


@contextmanager
def _folder(config: SplitConfig) -> Iterator[Path]:
    """A folder beside the wanted one, which takes its place at the end, or vanishes."""
    out = config.out.absolute()
    made, old = (out.with_name(f".{out.name}.{os.getpid()}.{word}") for word in ("part", "old"))
    try:
        made.mkdir(parents=True)
        yield made
        if out.exists():
            out.rename(old)
        made.rename(out)
    except OSError as error:
        kind = DiskSpaceError if error.errno == errno.ENOSPC else DataError
        raise kind(f"{config.out} cannot be written: {error.strerror or error}") from error
    finally:
        for left in (made, old):
            shutil.rmtree(left, ignore_errors=True)
