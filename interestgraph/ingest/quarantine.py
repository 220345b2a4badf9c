"""Quarantine: rejected rows are written beside the graph, and counted by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from interestgraph.errors import ConfigurationError, DataError
from interestgraph.ingest.faults import unreadable


@dataclass(frozen=True)
class Quarantine:
    """Rejected rows."""

    rows: ir.Table
    """Columns: file, row, column, value (text), reason."""
    count: int
    elsewhere: int = 0
    """How many of them are not of the log itself, but of its other files."""

    @classmethod
    def of(cls, backend: Any, rejected: ir.Table, count: int, log: Sequence[Path]) -> Quarantine:
        """The rejected rows of the log, and what could not be read of the other files."""
        others = unreadable(backend)
        others = backend.create_table("broken_elsewhere", others.filter(~others.file.isin([str(path) for path in log])))
        elsewhere = int(others.count().to_pyarrow().as_py())
        return cls(ibis.union(rejected, others.select(*rejected.columns)), count + elsewhere, elsewhere)

    def reasons(self) -> dict[str, int]:
        """Reason -> number of rows, the most frequent first."""
        counted = self.rows.group_by("reason").agg(rows=ibis._.count()).order_by(ibis.desc("rows"), "reason")
        return {row["reason"]: row["rows"] for row in counted.to_pyarrow().to_pylist()}

    def told(self) -> str:
        """The reasons on one line."""
        return ", ".join(f"{count} {reason}" for reason, count in self.reasons().items())

    def check(self, limit: str | None, rows: int, path: Path | None) -> None:
        """Stop a load of which too much is rejected.

        Args:
            limit: see `allowed`; None: no limit.
            rows: how many were read.
            path: where the rejected rows are written then.

        Raises:
            DataError: more rows are rejected.
        """
        if limit is not None and self.count > allowed(limit, rows):
            raise DataError(
                f"{self.count:,} of {rows:,} rows are rejected ({self.count / rows:.2%}: {self.told()}), more than "
                f"{limit}: nothing was loaded{self.kept_in(path)}"
            )

    def kept_in(self, path: Path | None) -> str:
        """Write the rows, and say so at the end of a message."""
        kept = None if path is None else self.keep(path)
        return f"; the rejected rows are in {kept}" if kept else ""

    def keep(self, path: Path) -> str | None:
        """Write the rows to a CSV file (or Parquet, by its ending); returns its path, None where there are none."""
        if self.count == 0:
            return None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            ordered = self.rows.order_by("file", "row")
            part = path.with_name(f"{path.name}.part")
            ordered.to_parquet(part) if path.suffix == ".parquet" else ordered.to_csv(part)
            part.replace(path)
        except (OSError, duckdb.IOException) as error:
            raise DataError(f"rejected rows cannot be written to {path}: {error}") from error
        return str(path)


def allowed(limit: str, rows: int) -> float:
    """How many rows may be rejected.

    Args:
        limit: ``1%`` of the rows, or a number of rows.
        rows: how many were read.

    Raises:
        ConfigurationError: the limit is neither.
    """
    share = limit.strip().endswith("%")
    try:
        number = float(limit.strip().removesuffix("%"))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf") or (share and number > 100):
        raise ConfigurationError(f"max_rejected {limit!r} is neither a number of rows nor a percentage such as 1%")
    return number / 100 * rows if share else number
