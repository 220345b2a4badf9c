"""``interestgraph evaluate``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import JsonOption, app, settings

if TYPE_CHECKING:
    from interestgraph.evaluate.temporal import EvaluateReport


@app.command()
def evaluate(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    cut: Annotated[
        datetime | None,
        typer.Option(help="Learn from events before this moment (UTC); default: --days before the last."),
    ] = None,
    days: Annotated[int, typer.Option(help="Length of the test window.")] = 31,
    k: Annotated[int, typer.Option(help="Length of the lists.")] = 10,
    split: Annotated[
        Path | None,
        typer.Option(
            help="Folder of `interestgraph split` of this log: its train and test, in place of --cut and --days."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure recommendation quality on a temporal split, on a scratch server.

    Example: interestgraph evaluate complete_journey --cut 2017-12-01 --days 31
    """
    from interestgraph.cli.output import Bars, print_json
    from interestgraph.evaluate.temporal import EvaluateConfig
    from interestgraph.evaluate.temporal import evaluate as run

    config = EvaluateConfig(loader, data, cut, days, k, split=split)
    with Bars() as bars:
        report = run(settings(), config, bars)
    if as_json:
        print_json(report)
    else:
        print_quality(report)


def print_quality(report: EvaluateReport) -> None:
    """Print an evaluation as a table."""
    from interestgraph.cli.output import print_table
    from interestgraph.evaluate.metrics import Estimate

    def text(estimate: Estimate) -> str:
        return f"{estimate.mean:.3f}  [{estimate.low:.3f}, {estimate.high:.3f}]"

    since = "" if report.since in (None, report.cut) else f"from {report.since:%Y-%m-%d %H:%M} "
    print_table(
        f"quality: learnt from before {report.cut:%Y-%m-%d %H:%M}, tested on what {report.users:,} users chose "
        f"{since}until {report.until:%Y-%m-%d %H:%M}; all {report.items:,} items ranked; [95 % of bootstrap means]",
        ("ranker", f"recall@{report.k}", f"NDCG@{report.k}"),
        [(row.ranker, text(row.recall), text(row.ndcg)) for row in report.rankers],
    )
