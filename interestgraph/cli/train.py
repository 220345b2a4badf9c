"""``interestgraph train``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interestgraph.cli.app import JsonOption, app, open_graph

if TYPE_CHECKING:
    from interestgraph.train.train import TrainReport


LABELS = {
    "baskets": "each user's last basket",
    "hidden": "hidden latest items",
    "random": "hidden items of any time",
}


@app.command()
def train(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only events before this moment (UTC).")] = None,
    days: Annotated[int, typer.Option(help="What was chosen in the last so many days is learnt to predict.")] = 31,
    labels: Annotated[
        str,
        typer.Option(
            help="window: the last --days; baskets: what each user chose last; hidden: some users' latest items, for "
            "logs without times; random: any of their items; auto: the window where enough users come back.",
        ),
    ] = "auto",
    users: Annotated[int, typer.Option(help="Most users to learn from.")] = 4000,
    seed: Annotated[int, typer.Option(help="Of the choice of users and of the trees.")] = 42,
    as_json: JsonOption = False,
) -> None:
    """Train the ranker on the log's own history, on a scratch server, and store it in the graph.

    Example: interestgraph train complete_journey
    """
    from interestgraph.cli.output import Bars, print_json
    from interestgraph.train.train import TrainConfig

    given: dict[str, Any] = {"labels": labels}
    config = TrainConfig(loader, data, until, days, users=users, seed=seed, **given)
    with open_graph() as graph, Bars() as bars:
        report = graph.train(config, progress=bars)
    if as_json:
        print_json(report)
    else:
        print_training(report)


def print_training(report: TrainReport) -> None:
    """Print a training as a table."""
    from interestgraph.cli.output import note, print_table

    rows: list[tuple[str, Any]] = [
        ("labels", LABELS[report.labels] if report.cut is None else f"chosen from {report.cut:%Y-%m-%d}"),
        ("users", report.users),
        ("candidates", report.candidates),
        ("chosen before", f"{report.repeat * 100:.1f} % of what was chosen"),
        ("new categories", f"{report.explore * 100:.1f} % of what was chosen anew"),
    ]
    for name, found in report.quality.items():
        rows.append((f"{name}: recall@10", f"{found['recall']:.3f}, blend {found['blend_recall']:.3f}"))
        rows.append((f"{name}: NDCG@10", f"{found['ndcg']:.3f}, blend {found['blend_ndcg']:.3f}"))
    rows += [(f"seconds to {name}" if name != "all" else "seconds", value) for name, value in report.seconds.items()]
    print_table(f"ranker {report.ranker_id}, on users held out", ("", ""), rows)
    if not report.serves:
        note("the blend is better on users held out: it goes on serving")
