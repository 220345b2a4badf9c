"""The frame of a page and what stands in it: sections, tables, tiles, figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files


def document(title: str, intro: str, body: str, footer: str, *, style: str = "") -> str:
    """A whole page; `intro`, `body` and `footer` are HTML, `style` is CSS beside that of all pages."""
    common = files("interestgraph.page").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>\n{common}{style}</style></head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{intro}</header>\n"
        f"<main>{body}</main>\n<footer>{footer}</footer>\n</body></html>\n"
    )


def anchor(title: str) -> str:
    """The id of a section: ``Data quality`` -> ``data-quality``."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def section(title: str, text: str, *parts: str) -> str:
    """A part of the page with a heading, one paragraph and HTML."""
    told = f"<p>{escape(text)}</p>" if text else ""
    return f'<section id="{anchor(title)}"><h2>{escape(title)}</h2>{told}{"".join(parts)}</section>\n'


def contents(titles: Iterable[str]) -> str:
    """Links to sections by their titles."""
    links = "".join(f'<li><a href="#{anchor(title)}">{escape(title)}</a></li>' for title in titles)
    return f'<nav class="contents" aria-label="Contents"><ul>{links}</ul></nav>'


def figure(title: str, plot: str, caption: str = "") -> str:
    """A plot with its heading and what to see in it."""
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f"<figure><h3>{escape(title)}</h3>{plot}{below}</figure>"


def panels(parts: Iterable[str]) -> str:
    """Figures side by side where they fit."""
    return f'<div class="panels">{"".join(parts)}</div>'


def tiles(facts: Iterable[tuple[str, str]]) -> str:
    """Names and values, large."""
    made = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{made}</dl>'


def absent(text: str) -> str:
    """A line that says what is not there, and how it comes."""
    return f'<p class="absent">{escape(text)}</p>'


def notes(texts: Iterable[str]) -> str:
    """What to keep in mind, in small lines."""
    made = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="notes soft">{made}</ul>' if made else ""


def table(head: Sequence[str], body: Iterable[str], text_from: int | None = None, label: str = "table") -> str:
    """A table of rows that `row` made; columns from `text_from` on are text, set to the left."""
    columns = "".join(
        f'<th scope="col"{" class=text" if text_from is not None and at >= text_from else ""}>{escape(name)}</th>'
        for at, name in enumerate(head)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def row(name: str, cells: Sequence[str], kind: str = "", text_from: int | None = None) -> str:
    """A row with its name in front."""
    made = "".join(
        f"<td{' class=text' if text_from is not None and at >= text_from else ''}>{escape(cell)}</td>"
        for at, cell in enumerate(cells)
    )
    return f'<tr class="{kind}"><th scope="row">{escape(name)}</th>{made}</tr>'
