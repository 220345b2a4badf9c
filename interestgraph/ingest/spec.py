"""Loader specifications: declarative TOML files that say what a log's columns mean.

``loaders/*.toml`` ship with the package; any other TOML file of the same form can be named by its path.
`docs/loaders.md` explains every key.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from interestgraph.errors import DataError, LoaderError
from interestgraph.ingest.spec_parts import (
    Behaviour,
    Campaigns,
    Clock,
    Columns,
    Events,
    Format,
    IdCase,
    Items,
    Join,
    Links,
    Long,
    Nodes,
    Package,
    Part,
)
from interestgraph.model import BEHAVIOURS
from interestgraph.neo4j.queries import data_folder

__all__ = [
    "Columns",
    "Format",
    "IdCase",
    "Items",
    "Links",
    "LoaderSpec",
    "Nodes",
    "find_files",
    "load_spec",
    "loader_names",
    "spec_path",
]

SUFFIXES = (
    ".parquet",
    *(f"{kind}{packed}" for kind in (".csv", ".tsv", ".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst")),
)
"""What the endings of readable files are; files with a ``[formats]`` table may have any."""


class LoaderSpec(Part):
    """A whole specification."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str = ""
    licence: str = ""
    source: str = ""
    """Where to get the data."""
    package: Package | None = None
    id_case: IdCase = "keep"
    """``lower`` or ``upper``: ids of users and items that differ only by case are one; ``keep``: they are several."""
    optional: tuple[str, ...] = ()
    """Columns that a file may lack."""
    optional_files: tuple[str, ...] = ()
    """Names under ``[files]`` that may be missing; what they would bring is then left out."""
    files: dict[str, str]
    """Name -> file name or glob pattern below the data folder; ``*`` also takes the file itself."""
    formats: dict[str, Format] = Field(default_factory=dict)
    """Name under ``[files]`` -> how its files are written."""
    events: Events
    behaviours: dict[str, Behaviour]
    clock: Clock | None = None
    long: dict[str, Long] = Field(default_factory=dict)
    """Name under ``[files]`` -> how its properties become columns."""
    joins: tuple[Join, ...] = ()
    """One after the other, after `clock` and `long`."""
    items: Items | None = None
    users: Nodes | None = None
    campaigns: Campaigns | None = None
    received: Links | None = None
    promotes: Links | None = None
    redeemed: Links | None = None

    @model_validator(mode="after")
    def _consistent(self) -> LoaderSpec:
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        """What does not go together, one line each."""
        yield from self._behaviour_problems()
        yield from self._event_problems()
        for key, needed in (("received", "user"), ("promotes", "item"), ("redeemed", "user")):
            link = getattr(self, key)
            if link is not None and not getattr(link, needed):
                yield f"{key}.{needed}: names no column"
        for key in ("formats", "long"):
            for name in getattr(self, key):
                if name not in self.files:
                    yield f"{key}.{name} is not listed under [files]"
        for key, name in self._named_files():
            if name not in self.files:
                yield f"{key}: file {name} is not listed under [files]"

    def _behaviour_problems(self) -> Iterator[str]:
        if not self.behaviours:
            yield "behaviours: there is no [behaviours.…] table"
            return
        unknown = [name for name in self.behaviours if name not in BEHAVIOURS]
        if unknown:
            yield f"behaviours: {', '.join(unknown)} is not one of {', '.join(BEHAVIOURS)}"
        for name, behaviour in self.behaviours.items():
            if behaviour.strength == 0 or (behaviour.strength < 0 and name in self.primary):
                yield f"behaviours.{name}.strength: must not be 0, nor negative for a primary behaviour"
        values = [value.lower() for part in self.behaviours.values() for value in part.values]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            yield f"behaviours: {', '.join(twice)} means more than one of them"

    def _event_problems(self) -> Iterator[str]:
        events = self.events
        if bool(events.time) == (events.undated is not None):
            yield "events: give either time or undated"
        if events.rating is not None and events.value_meaning != "rating":
            yield 'events.rating needs value_meaning = "rating"'
        if events.value and events.unit_price:
            yield "events: give either value or unit_price"
        if (events.behaviour is None) == (not events.behaviour_column):
            yield "events: give either behaviour or behaviour_column"
        for key in ("behaviour", "negative_quantity"):
            name = getattr(events, key)
            if name is not None and name not in self.behaviours:
                yield f"events.{key} {name} has no [behaviours.…] table"

    def _named_files(self) -> Iterator[tuple[str, str]]:
        """Key and value of every ``file`` and ``lookup`` of the other tables."""
        for key in ("events", "items", "users", "campaigns", "received", "promotes", "redeemed", "clock"):
            part = getattr(self, key)
            if part is not None:
                yield f"{key}.file", part.file
        if self.items is not None and self.items.category_tree is not None:
            yield "items.category_tree.file", self.items.category_tree.file
        for place, join in enumerate(self.joins):
            yield f"joins.{place}.file", join.file
            yield f"joins.{place}.lookup", join.lookup

    @property
    def derives_events(self) -> bool:
        """Whether rows of the log get columns of other tables, or are made of several rows."""
        file = self.events.file
        clocked = self.clock is not None and self.clock.file == file
        return clocked or file in self.long or any(join.file == file for join in self.joins)

    @property
    def primary(self) -> tuple[str, ...]:
        """The behaviours that trend and buyers count: those marked primary, else the strongest."""
        marked = tuple(name for name, behaviour in self.behaviours.items() if behaviour.primary)
        return marked or (max(self.behaviours, key=lambda name: self.behaviours[name].strength),)


def loader_names() -> list[str]:
    """Names of the specifications that ship with the package."""
    return sorted(path.stem for path in data_folder("loaders").glob("*.toml"))


def spec_path(loader: str) -> Path:
    """The TOML file of `loader`, a shipped name or a path that ends in ``.toml``.

    Raises:
        LoaderError: there is none.
    """
    if loader.endswith(".toml"):
        path = Path(loader)
        if not path.is_file():
            raise LoaderError(f"no loader file {loader}")
        return path
    if loader not in loader_names():
        raise LoaderError(
            f"no loader {loader}: there are {', '.join(loader_names())}, or give the path of a .toml file"
        )
    return data_folder("loaders") / f"{loader}.toml"


def load_spec(loader: str) -> LoaderSpec:
    """Read and check a specification.

    Raises:
        LoaderError: it does not exist, is not TOML, or a key is unknown, missing or wrong.
    """
    path = spec_path(loader)
    try:
        return LoaderSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LoaderError(f"{path}: not a TOML file: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ").splitlines()[0]
        raise LoaderError(f"{path}: {f'{where}: ' if where else ''}{message}") from error


def find_files(spec: LoaderSpec, data: Path | None) -> dict[str, list[Path]]:
    """The data files of a specification, by the names under its ``[files]``.

    Args:
        spec: the specification.
        data: a folder, or one file; None: the folder of the package that brings the data.

    Raises:
        DataError: a file or folder is missing; the message says where it was looked for.
    """
    root = data if data is not None else _package_folder(spec)
    if not root.exists():
        raise DataError(f"no such file or folder: {root}")
    if root.is_file():
        if not root.name.endswith(SUFFIXES) and not spec.formats:
            raise DataError(f"{root} is no log that can be read: names end in {', '.join(SUFFIXES)}")
        needed = [name for name in spec.files if name not in spec.optional_files]
        if len(needed) > 1:
            raise DataError(f"loader {spec.name} reads {len(spec.files)} files: give their folder, not {root}")
        main = spec.events.file if spec.events.file in spec.files else next(iter(needed or spec.files))
        return {name: [root] if name == main else [] for name in spec.files}
    found = {}
    for name, pattern in spec.files.items():
        paths = sorted(path for path in root.glob(pattern) if path.is_file() and _readable(spec, name, path))
        if not paths and name not in spec.optional_files:
            raise DataError(f"{root} has no file {pattern}, which loader {spec.name} needs ([files] {name})")
        found[name] = paths
    return found


def _readable(spec: LoaderSpec, name: str, path: Path) -> bool:
    return name in spec.formats or path.name.endswith(SUFFIXES)


def _package_folder(spec: LoaderSpec) -> Path:
    if spec.package is None:
        raise DataError(f"loader {spec.name} needs --data PATH: the log file, or the folder of its files")
    found = importlib.util.find_spec(spec.package.module)
    if found is None or not found.submodule_search_locations:
        raise DataError(
            f"the data of loader {spec.name} is not installed: `pip install '{spec.package.install}'`, or --data PATH"
        )
    return Path(next(iter(found.submodule_search_locations))) / spec.package.folder
