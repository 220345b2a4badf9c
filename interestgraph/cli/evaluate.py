"""``interestgraph evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import app, settings

if TYPE_CHECKING:
    from interestgraph.evaluate.report import EvaluateReport, ModelReport

TASK_NAMES = {"all": "all", "again": "bought before", "new": "new to the user"}


@app.command()
def evaluate(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    cut: Annotated[
        datetime | None,
        typer.Option(help="Learn from events before this moment (UTC); default: --days before the last."),
    ] = None,
    days: Annotated[
        float | None, typer.Option(help="Length of the test window; default: 31, or a fifth of a shorter log.")
    ] = None,
    k: Annotated[int, typer.Option(help="Length of the lists.")] = 10,
    models: Annotated[
        str, typer.Option(help="Models, separated by commas: names, or baselines, platform, all.")
    ] = "all",
    split: Annotated[
        Path | None,
        typer.Option(
            help="Folder of `interestgraph split` of this log: its train and test, in place of --cut and --days."
        ),
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(help="Test on this share of each user's items, drawn at random: for logs without times."),
    ] = None,
    baskets: Annotated[bool, typer.Option("--baskets", help="Test on the last basket of each user.")] = False,
    users: Annotated[int, typer.Option(help="Most users to make lists for, drawn at random; 0: all.")] = 20_000,
    tune: Annotated[bool, typer.Option("--tune/--no-tune", help="Tune baselines on a window before the test.")] = True,
    prune_below: Annotated[
        float | None, typer.Option(help="Reshape the platform's graph first: what does `reshape --below` cost?")
    ] = None,
    json: Annotated[str | None, typer.Option(help="Write the whole report to this JSON file; -: print it.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one HTML file with plots.")] = None,
) -> None:
    """Measure recommendation quality against tuned baselines, on a scratch server that knows nothing of the test.

    Example: interestgraph evaluate complete_journey --cut 2017-12-01 --days 31 --html report.html
    """
    from interestgraph.cli.output import Bars
    from interestgraph.evaluate.config import EvaluateConfig
    from interestgraph.evaluate.temporal import evaluate as run

    config = EvaluateConfig(
        loader,
        data,
        cut=cut,
        days=days,
        k=k,
        models=tuple(name.strip() for name in models.split(",")),
        split=split,
        holdout=holdout,
        baskets=baskets,
        users=users or None,
        tune=tune,
        prune_below=prune_below,
    )
    with Bars() as bars:
        report = run(settings(), config, bars)
    if html is not None:
        report.write_html(html)
    if json == "-":
        print(report.to_json())
        return
    if json is not None:
        report.write_json(Path(json))
    print_quality(report)


def print_quality(report: EvaluateReport) -> None:
    """Print an evaluation as tables; the HTML and JSON have all of it."""
    from interestgraph.cli.output import note, print_table

    k = report.k
    columns = [f"{metric}@{k} {TASK_NAMES[task]}" for task in report.tasks for metric in ("recall", "NDCG")]
    print_table(
        f"quality: {_protocol(report)}; {report.users:,} users, all {report.items:,} items ranked; "
        "[95 % of bootstrap means]",
        ("model", *columns, "fit, s", "users/s", "MiB"),
        [(found.name, *_cells(report, found), *_cost(report, found)) for found in report.models],
    )
    for left in report.left_out:
        note(f"{left.name} left out: {left.reason}")
    if report.ratings is not None:
        print()
        print_table(
            f"predicted ratings ({report.ratings.ratings:,} ratings of {report.ratings.users:,} users)",
            ("model", "RMSE", "MSE", "MAE"),
            [(error.model, error.rmse, error.mse, error.mae) for error in report.ratings.errors],
        )
    for text in report.notes:
        note(text)


def _protocol(report: EvaluateReport) -> str:
    if report.cut is None or report.until is None:
        return "tested on the last basket of each user" if report.protocol == "baskets" else "tested on held-out items"
    since = "" if report.since in (None, report.cut) else f"from {report.since:%Y-%m-%d %H:%M} "
    return f"learnt from before {report.cut:%Y-%m-%d %H:%M}, tested {since}until {report.until:%Y-%m-%d %H:%M}"


def _cells(report: EvaluateReport, found: ModelReport) -> Iterator[str]:
    for task in report.tasks:
        recall, ndcg = found.tasks[task]["recall"], found.tasks[task]["ndcg"]
        yield f"{recall.mean:.3f}"
        yield f"{ndcg.mean:.3f} [{ndcg.low:.3f}, {ndcg.high:.3f}]"


def _cost(report: EvaluateReport, found: ModelReport) -> tuple[float, float, int]:
    speed = report.listed / found.rank_seconds if found.rank_seconds else 0.0
    return round(found.fit_seconds, 1), round(speed), round(found.memory_mib)
