"""Names, result types and the arithmetic that every stage shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd

BEHAVIOURS = (
    "VIEWED",
    "CLICKED",
    "SEARCHED",
    "CARTED",
    "FAVOURITED",
    "SHARED",
    "COMMENTED",
    "REVIEWED",
    "RATED",
    "PLAYED",
    "VISITED",
    "PURCHASED",
    "RETURNED",
)
"""Closed list of relationship types from User to Item; loader specifications map log values to them."""

SECONDS_PER_DAY = 86_400.0

Progress = Callable[[str, int, int], None]
"""Called with the name of a step (some are a `Step`), units done and units in all."""


class Step(str):
    """The name of a step, with a few words on how it goes, such as its loss."""

    __slots__ = ("detail",)
    detail: str

    def __new__(cls, name: str, detail: str = "") -> Step:
        """`name` as text, which knows the `detail`."""
        step = super().__new__(cls, name)
        step.detail = detail
        return step


def decay(seconds: float, half_life: float) -> float:
    """Factor that remains of a weight after `seconds`, with `half_life` in days: 2^(-seconds / half-life)."""
    return float(2.0 ** (-seconds / (half_life * SECONDS_PER_DAY)))


@dataclass(frozen=True)
class DecayedWeight:
    """A time-weighted sum of events, as of its own `last_at` (forward decay).

    An event of strength v at time t adds v * 2^(-(T - t) / h) to the weight at time T. Since the factor is a
    product, adding events in any order gives the same weight. Source: Cormode, Shkapenyuk, Srivastava and Xu,
    "Forward decay: a practical time decay model for streaming systems", ICDE 2009.
    """

    weight: float
    last_at: float
    """Time of the latest event, in seconds since 1970-01-01 UTC."""

    def add(self, strength: float, at: float, half_life: float) -> DecayedWeight:
        """This sum with an event of `strength` at time `at` (seconds); `half_life` in days."""
        if at >= self.last_at:
            return DecayedWeight(self.weight * decay(at - self.last_at, half_life) + strength, at)
        return DecayedWeight(self.weight + strength * decay(self.last_at - at, half_life), self.last_at)

    def as_of(self, at: float, half_life: float) -> float:
        """The weight at time `at` (seconds), which must not lie before `last_at`."""
        if at < self.last_at:
            raise ValueError(f"as_of {at} lies before the last event at {self.last_at}")
        return self.weight * decay(at - self.last_at, half_life)


def utc(value: datetime) -> datetime:
    """`value` in UTC; a naive one is taken as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Table(Sequence[RowT], Generic[RowT]):
    """A list of frozen result rows that can also become a data frame."""

    rows: tuple[RowT, ...]
    notes: tuple[str, ...] = ()
    """Things to know about the answer, such as that the user was unknown."""

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RowT]: ...
    def __getitem__(self, index: int | slice) -> RowT | Sequence[RowT]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RowT]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries, nested results included."""
        return [asdict(row) for row in self.rows]  # type: ignore[call-overload]

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame, one column per field."""
        import pandas as pd

        columns = [field.name for field in fields(self.rows[0])] if self.rows else []  # type: ignore[arg-type]
        return pd.DataFrame(self.to_dicts(), columns=columns)
