"""Loader specifications: declarative TOML files that say what a log's columns mean.

``loaders/*.toml`` ship with the package; any other TOML file of the same form can be named by its path.
`docs/loaders.md` explains every key.
"""

from __future__ import annotations

import importlib.util
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from interestgraph.errors import DataError, LoaderError
from interestgraph.model import BEHAVIOURS
from interestgraph.neo4j.queries import data_folder

SUFFIXES = (
    ".parquet",
    *(f"{kind}{packed}" for kind in (".csv", ".tsv", ".jsonl", ".ndjson", ".json") for packed in ("", ".gz", ".zst")),
)
"""What the endings of readable files are; files with a ``[formats]`` table may have any."""

RESERVED = {
    "userId", "itemId", "title", "brand", "price", "priceAt", "trend", "trendAt", "buyers", "repeatRate",
    "embedding", "embeddingRun", "communityId",
}  # fmt: skip
"""Properties of users and items that this package writes itself."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One column name, or several of which the first present one is taken."""
SomeColumns = Annotated[Columns, Field(min_length=1)]
PropertyName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(_Part):
    """What one kind of event is worth."""

    values: Columns = ()
    """Values of the log's behaviour column that mean this behaviour (compared without regard to case)."""
    strength: float = Field(default=1.0, allow_inf_nan=False)
    """What one event adds to the relationship's weight; negative for what lowers interest, such as a return."""
    half_life: float = Field(gt=0, allow_inf_nan=False)
    """Days after which an event counts half."""
    primary: bool = False
    """Whether this is what the platform recommends for (a purchase in a shop); trend and buyers count it."""


class Format(_Part):
    """How a delimited text file is written, where it does not say so itself."""

    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    """Between columns; None: comma, semicolon, tab or bar, whichever the header has most of."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a file without a header line."""
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    adjacency: bool = False
    """Lines of a user and then all the user's items, separated by spaces; read as the columns user and item."""


class Rating(_Part):
    """How a rating changes what an event is worth."""

    neutral: float
    """A rating that says nothing; lower ones lower interest."""
    high: float
    """The best rating, which counts the behaviour's full strength; the strength times -1 is the least."""


class Events(_Part):
    """The log itself: one row, one event."""

    file: str
    user: SomeColumns
    item: SomeColumns
    time: Columns = ()
    undated: datetime | None = None
    """Moment of every event of a log without times; there is no decay between them."""
    time_format: str = "auto"
    """``auto`` (timestamps, ISO 8601 text, or epoch seconds/milliseconds by magnitude), or a strptime format."""
    timezone: str = "UTC"
    """Zone of times that carry none."""
    behaviour: str | None = None
    """Behaviour of every row, where the log has no column for it."""
    behaviour_column: Columns = ()
    quantity: Columns = ()
    value: Columns = ()
    value_meaning: Literal["amount", "rating"] = "amount"
    """``amount``: values are summed over events; ``rating``: the latest one is kept."""
    rating: Rating | None = None
    """With `value_meaning` ``rating``: how the value changes the event's strength; None: it does not."""


class Nodes(_Part):
    """Attributes of nodes: a table with one row per id (or many; then the last row with a value wins)."""

    file: str
    id: SomeColumns
    attributes: dict[PropertyName, SomeColumns] = {}
    """Property name -> column."""

    @model_validator(mode="after")
    def _free_names(self) -> Nodes:
        taken = sorted(set(self.attributes) & RESERVED)
        if taken:
            raise ValueError(f"attributes.{taken[0]}: interestgraph itself uses this property; choose another name")
        return self


class Items(Nodes):
    """The catalogue."""

    title: Columns = ()
    """Columns joined by a space."""
    brand: Columns = ()
    price: Columns = ()
    categories: tuple[str, ...] = ()
    """Columns from the top level of the hierarchy down."""
    category_path: Columns = ()
    """A column that holds the whole path, such as ``grocery > dairy > milk``."""
    separator: str = ">"
    """What separates the levels in `category_path`, and in each entry of `category_list`."""
    category_list: Columns = ()
    """A column with several categories, such as genres: a list, or text separated by `list_separator`."""
    list_separator: str = "|"


class Campaigns(_Part):
    """Campaign descriptions."""

    file: str
    id: SomeColumns
    kind: Columns = ()
    starts_at: Columns = ()
    ends_at: Columns = ()


class Links(_Part):
    """Rows that join a campaign to a user or an item."""

    file: str
    campaign: SomeColumns
    user: Columns = ()
    item: Columns = ()
    time: Columns = ()


class Package(_Part):
    """A Python package that brings the data."""

    module: str
    folder: str = ""
    install: str
    """The requirement to install, such as ``interestgraph[demo]``."""


class LoaderSpec(_Part):
    """A whole specification."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str = ""
    licence: str = ""
    source: str = ""
    """Where to get the data."""
    package: Package | None = None
    optional: tuple[str, ...] = ()
    """Columns that a file may lack."""
    optional_files: tuple[str, ...] = ()
    """Names under ``[files]`` that may be missing; what they would bring is then left out."""
    files: dict[str, str]
    """Name -> file name or glob pattern below the data folder; ``*`` also takes the file itself."""
    formats: dict[str, Format] = {}
    """Name under ``[files]`` -> how its files are written."""
    events: Events
    behaviours: dict[str, Behaviour]
    items: Items | None = None
    users: Nodes | None = None
    campaigns: Campaigns | None = None
    received: Links | None = None
    promotes: Links | None = None
    redeemed: Links | None = None

    @model_validator(mode="after")
    def _consistent(self) -> LoaderSpec:
        if not self.behaviours:
            raise ValueError("behaviours: there is no [behaviours.…] table")
        unknown = [name for name in self.behaviours if name not in BEHAVIOURS]
        if unknown:
            raise ValueError(f"behaviours: {', '.join(unknown)} is not one of {', '.join(BEHAVIOURS)}")
        if bool(self.events.time) == (self.events.undated is not None):
            raise ValueError("events: give either time or undated")
        if self.events.rating is not None and self.events.value_meaning != "rating":
            raise ValueError('events.rating needs value_meaning = "rating"')
        for name, behaviour in self.behaviours.items():
            if behaviour.strength == 0 or (behaviour.strength < 0 and name in self.primary):
                raise ValueError(f"behaviours.{name}.strength: must not be 0, nor negative for a primary behaviour")
        for name in self.formats:
            if name not in self.files:
                raise ValueError(f"formats.{name} is not listed under [files]")
        if (self.events.behaviour is None) == (not self.events.behaviour_column):
            raise ValueError("events: give either behaviour or behaviour_column")
        if self.events.behaviour is not None and self.events.behaviour not in self.behaviours:
            raise ValueError(f"events.behaviour {self.events.behaviour} has no [behaviours.…] table")
        values = [value.lower() for part in self.behaviours.values() for value in part.values]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"behaviours: {', '.join(twice)} means more than one of them")
        for key, needed in (("received", "user"), ("promotes", "item"), ("redeemed", "user")):
            link = getattr(self, key)
            if link is not None and not getattr(link, needed):
                raise ValueError(f"{key}.{needed}: names no column")
        parts = (self.events, self.items, self.users, self.campaigns, self.received, self.promotes, self.redeemed)
        for part in parts:
            if part is not None and part.file not in self.files:
                raise ValueError(f"file {part.file} is not listed under [files]")
        return self

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
        message = first["msg"].removeprefix("Value error, ")
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
        return {name: [root] if name == spec.events.file else [] for name in spec.files}
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
