"""What comes back of a question, as rows, a data frame, CSV or a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@dataclass(frozen=True)
class Answer(Sequence[Row]):
    """The rows of a question."""

    name: str
    purpose: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    """Column -> value; times are Python's, UTC."""
    parameters: Row
    """What it was asked with, defaults included."""
    notes: tuple[str, ...]
    """Caveats, and what was left out."""
    seconds: float

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def to_dicts(self) -> list[Row]:
        """The rows as plain dictionaries."""
        return [dict(row) for row in self.rows]

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame; it has the columns also when there is no row."""
        import pandas as pd

        return pd.DataFrame(self.to_dicts(), columns=list(self.columns))

    def to_csv(self) -> str:
        """The rows as CSV with a header; lists are joined by a semicolon."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_plain(row[name]) for name in self.columns] for row in self.rows)
        return out.getvalue()

    def to_html(self) -> str:
        """One page that needs nothing else, light and dark, with the question, its parameters and its notes."""
        told = ", ".join(f"{name} = {_plain(value)}" for name, value in self.parameters.items() if value is not None)
        numeric = {name for name in self.columns if _numeric(row[name] for row in self.rows)}
        head = "".join(f"<th{_right(name in numeric)}>{escape(_words(name))}</th>" for name in self.columns)
        body = "".join(
            "<tr>"
            + "".join(f"<td{_right(name in numeric)}>{escape(_shown(row[name]))}</td>" for name in self.columns)
            + "</tr>\n"
            for row in self.rows
        )
        notes = "".join(f"<p class=note>{escape(note)}</p>\n" for note in self.notes)
        return _PAGE.format(
            title=escape(_words(self.name)),
            purpose=escape(self.purpose),
            told=escape(told),
            head=head,
            body=body or f'<tr><td colspan="{len(self.columns)}">no rows</td></tr>\n',
            notes=notes,
        )


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(part) for part in value)
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else _plain(value)


def _numeric(values: Iterator[Any]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(value, (int, float)) for value in found)


def _right(numeric: bool) -> str:
    return " class=n" if numeric else ""


def _words(name: str) -> str:
    """``rising_items`` -> Rising items, ``spendPercent`` -> Spend percent."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: light-dark(#d5d9e0, #3b4150); --soft: light-dark(#5a6270, #a9b1c0); }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  background: light-dark(#fff, #14171d); color: light-dark(#1b1f27, #e7eaf0); }}
h1 {{ font-size: 1.5rem; margin: 0; }} p {{ margin: .4rem 0; max-width: 60rem; }} .told, .note {{ color: var(--soft); }}
.scroll {{ overflow-x: auto; margin-top: 1rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }}
th {{ position: sticky; top: 0; background: inherit; white-space: nowrap; }} .n {{ text-align: right; }}
@media print {{ .scroll {{ overflow: visible; }} body {{ margin: 0; }} }}
</style></head><body>
<h1>{title}</h1>
<p>{purpose}</p>
<p class=told>{told}</p>
<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}</tbody></table></div>
{notes}</body></html>
"""
