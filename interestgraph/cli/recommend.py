"""``interestgraph recommend`` with its dials and rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import CountOption, JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.recommend.recommend import Recommendation

UserArgument = Annotated[str, typer.Argument(help="User id.")]
CategoryOption = Annotated[
    str | None, typer.Option(help="Only this category and below it (id, or a name that only one has).")
]
AsOf = Annotated[datetime | None, typer.Option(help="Read the weights at this moment (UTC); default: last event.")]
ModeOption = Annotated[
    str, typer.Option(help="again: items chosen before; discover: others; mixed: both.", metavar="MODE")
]
Names = list[str] | None


def _dial(name: str, text: str) -> float | str:
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither auto nor a number from 0 to 1", param_hint=f"--{name}") from None


def _pairs(name: str, texts: Names) -> dict[str, str]:
    found = {}
    for text in texts or ():
        key, equals, value = text.rpartition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=f"--{name}")
        found[key] = value
    return found


def _boosts(texts: Names) -> dict[str, float]:
    try:
        return {key: float(value) for key, value in _pairs("boost", texts).items()}
    except ValueError as error:
        raise typer.BadParameter(f"a boost is NAME=PLACES: {error}", param_hint="--boost") from None


@app.command()
def recommend(
    user: Annotated[str | None, typer.Argument(help="User id; none with --like.")] = None,
    n: CountOption = 10,
    like: Annotated[
        list[str] | None,
        typer.Option(help="For an anonymous visitor: an item of the session, the latest last."),
    ] = None,
    mode: ModeOption = "mixed",
    repeat: Annotated[str, typer.Option(help="Share of the list for items chosen before, 0 to 1, or auto.")] = "auto",
    explore: Annotated[
        str, typer.Option(help="Share of the other places for categories not chosen from yet, 0 to 1, or auto.")
    ] = "auto",
    exclude_seen: Annotated[
        bool | None,
        typer.Option(
            "--exclude-seen/--include-seen",
            help="Leave out what the user already chose; default: only where hardly anything is chosen twice.",
        ),
    ] = None,
    category: CategoryOption = None,
    brand: Annotated[list[str] | None, typer.Option(help="Only this brand; several.")] = None,
    min_price: Annotated[float | None, typer.Option(help="Only items of at least this price.")] = None,
    max_price: Annotated[float | None, typer.Option(help="Only items of at most this price.")] = None,
    in_stock: Annotated[bool, typer.Option("--in-stock", help="Not items with inStock false or stock 0.")] = False,
    where: Annotated[
        list[str] | None, typer.Option(help="Only items with ATTRIBUTE=TEXT; several.", metavar="ATTRIBUTE=TEXT")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only this item; several.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not this item; several.")] = None,
    boost: Annotated[
        list[str] | None,
        typer.Option(help="Move an item, brand or category up so many places; several.", metavar="NAME=PLACES"),
    ] = None,
    max_per_category: Annotated[int | None, typer.Option(help="Most items of one category.")] = None,
    max_per_brand: Annotated[int | None, typer.Option(help="Most items of one brand.")] = None,
    diversity: Annotated[float, typer.Option(help="0: by score; 1: as varied as possible.")] = 0.0,
    freshness: Annotated[float, typer.Option(help="Up to 1: the more, the sooner items with few users come.")] = 0.0,
    as_of: AsOf = None,
    explain: Annotated[bool, typer.Option("--explain/--bare", help="With reasons, or sooner without.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Recommend items to a user, with reasons.

    Example: interestgraph recommend 1228 -n 10 --mode discover --max-per-category 2
    """
    from interestgraph.cli.output import print_json
    from interestgraph.cli.serve import notes
    from interestgraph.recommend.filters import Filters
    from interestgraph.recommend.recommend import RecommendConfig

    if (user is None) == (not like):
        raise typer.BadParameter("give a user, or items of an anonymous session with --like")
    filters = Filters(
        brands=tuple(brand or ()),
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        where=_pairs("where", where),
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        boosts=_boosts(boost),
        max_per_category=max_per_category,
        max_per_brand=max_per_brand,
        diversity=diversity,
        freshness=freshness,
    )
    given: dict[str, Any] = {"mode": mode, "repeat": _dial("repeat", repeat), "explore": _dial("explore", explore)}
    config = RecommendConfig(
        n=n, exclude_seen=exclude_seen, category=category, as_of=as_of, filters=filters, explain=explain, **given
    )
    with open_graph() as graph:
        found = graph.recommend_with(user, config) if user is not None else graph.recommend_for(like or [], config)
    notes(found.notes)
    if as_json:
        print_json({"user_id": user, "items": list(found), "notes": found.notes})
    else:
        print_recommendations(user or "of this session", found)


def print_recommendations(user: str, found: Any) -> None:
    """Print recommendations as a table."""
    from interestgraph.cli.output import print_table

    def row(place: int, item: Recommendation) -> tuple[Any, ...]:
        return place, item.item_id, item.title, item.category, item.price, item.score, item.reason

    print_table(
        f"recommended to user {user}",
        ("#", "item", "title", "category", "price", "score", "reason"),
        [row(place, item) for place, item in enumerate(found, start=1)],
    )
