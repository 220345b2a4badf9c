"""What commands print: tables or JSON on stdout; progress, notes and errors on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

WIDTH = 10_000
"""Columns at most of a table that does not go to a terminal: there one row is one line, for other programs."""


def stdout() -> Console:
    """Where data goes."""
    # Names of items may look like rich's markup.
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    """Where everything else goes."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def note(text: str) -> None:
    """Print a line that is not data."""
    print(f"note: {text}", file=sys.stderr)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "iso_format"):  # dates, times and durations of the driver, in attributes of users
        return value.iso_format()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, tuple)):
        return list(value)
    raise TypeError(f"cannot print {type(value).__name__} as JSON")


def print_json(value: Any) -> None:
    """Print a result (a dataclass, or a list of them) as JSON."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table for people; numbers are set to the right."""
    listed = [list(row) for row in rows]
    table = Table(header_style="bold", box=None, pad_edge=False, show_header=any(columns))
    for number, name in enumerate(columns):
        cells = [row[number] for row in listed if row[number] is not None]
        numeric = bool(cells) and all(isinstance(cell, (int, float)) for cell in cells)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(cell_text(cell) for cell in row))
    console = stdout()
    console.print(title, style="bold", soft_wrap=True)
    console.print(table)


def cell_text(value: Any) -> str:
    """One cell: thousands separated, three decimals, days without a time of day shortened."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


class Bars(AbstractContextManager["Bars"]):
    """Progress bars on stderr, one per step; nothing when stderr is not a terminal."""

    def __init__(self) -> None:
        self._console = stderr()
        self._live = self._console.is_terminal
        narrow = self._console.width < 110  # there the times at the end would be cut
        self._progress = Progress(
            TextColumn("{task.description:<12}" if narrow else "{task.description:<24}"),
            BarColumn(bar_width=6 if narrow else 30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> Bars:
        if self._live:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._progress.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of `step` are done."""
        if not self._live:
            return
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total, rate="")
            self._began[step] = time.monotonic()
        elapsed = time.monotonic() - self._began[step]
        rate = f"{done / elapsed:,.0f}/s" if elapsed > 0.5 and done else ""
        rate = getattr(step, "detail", "") or rate
        self._progress.update(self._tasks[step], completed=done, total=total, rate=rate)

    def say(self, text: str) -> None:
        """Show a line of text above the bars."""
        if self._live:
            self._progress.console.print(text)
        else:
            print(text, file=sys.stderr)
