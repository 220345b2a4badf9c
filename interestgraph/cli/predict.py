"""``interestgraph audience`` and ``interestgraph predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph
from interestgraph.cli.recommend import UserArgument

if TYPE_CHECKING:
    from interestgraph.recommend.predict import Prediction


@app.command()
def audience(
    target: Annotated[str, typer.Argument(help="Id of an item, a category or a campaign.")],
    n: Annotated[int, typer.Option("-n", "--count", help="Most users.")] = 100,
    kind: Annotated[
        str | None, typer.Option(help="What the id is, where it could be several: item, category or campaign.")
    ] = None,
    max_contacts: Annotated[
        int | None, typer.Option(help="Not users who received so many campaigns in the last --contact-days.")
    ] = None,
    contact_days: Annotated[float, typer.Option(help="Days before the last event that contacts count in.")] = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Find the users that most probably choose an item, anything of a category, or what a campaign promotes.

    Example: interestgraph audience 1082185 -n 20 --max-contacts 2
    """
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.cli.serve import notes
    from interestgraph.recommend.audience import AudienceConfig

    if kind not in (None, "item", "category", "campaign"):
        raise typer.BadParameter(f"{kind!r} is none of item, category, campaign", param_hint="--kind")
    given: dict[str, Any] = {"kind": kind}
    config = AudienceConfig(n=n, max_contacts=max_contacts, contact_days=contact_days, **given)
    with open_graph() as graph:
        found = graph.audience(target, config)
    notes(found.notes)
    if as_json:
        print_json({"target": target, "users": list(found), "notes": found.notes})
        return
    print_table(
        f"audience of {target}",
        ("user", "probability", "item", "chosen before", "contacts"),
        [
            (row.user_id, f"{row.probability * 100:.1f} %", row.item_id, row.chosen_before, row.contacts)
            for row in found
        ],
    )


@app.command()
def predict(
    user: UserArgument,
    item: Annotated[str | None, typer.Argument(help="Item id; none: any activity.")] = None,
    days: Annotated[float | None, typer.Option(help="Within so many days; default: the ranker's window.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Predict whether a user chooses an item, or comes back at all, within some days.

    Example: interestgraph predict 1228 1082185 --days 7
    """
    from interestgraph.cli.output import print_json

    with open_graph() as graph:
        found = graph.predict(user, item, days=days)
    if as_json:
        print_json(found)
    else:
        print_prediction(found)


def print_prediction(found: Prediction) -> None:
    """Print a prediction with its reliability table."""
    from interestgraph.cli.output import print_table

    what = f"chooses item {found.item_id}" if found.item_id else "comes back"
    print(f"user {found.user_id} {what} within {found.days:g} days: {found.probability * 100:.1f} %")
    if found.churn is not None:
        print(f"does not come back: {found.churn * 100:.1f} %")
    if found.median_days is not None:
        print(f"as likely as not within {found.median_days:g} days")
    print_table(
        "how far such predictions came true, on users held out",
        ("predicted", "observed", "number"),
        [(f"{row.predicted * 100:.1f} %", f"{row.observed * 100:.1f} %", row.count) for row in found.reliability],
    )
