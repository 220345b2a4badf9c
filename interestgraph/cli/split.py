"""``interestgraph split``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interestgraph.cli.app import JsonOption, app

if TYPE_CHECKING:
    from interestgraph.ingest.split import SplitReport


@app.command()
def split(
    loader: Annotated[str, typer.Argument(help="Name of a loader, or path of a .toml file.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    data: Annotated[Path | None, typer.Option(help="File or folder of the log.")] = None,
    cut: Annotated[datetime | None, typer.Option(help="Test begins at this moment (UTC). Leak-free.")] = None,
    validation_cut: Annotated[
        datetime | None, typer.Option(help="With --cut: validation begins at this moment (UTC).")
    ] = None,
    validation: Annotated[
        float | None, typer.Option(metavar="DAYS", help="With --cut: validation begins this many days before it.")
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Test is the last N events of each user, validation the N before them; the first stays in train. "
            "Not leak-free: train holds events that are later than other users' test.",
        ),
    ] = None,
    ratio: Annotated[
        str | None,
        typer.Option(
            metavar="SHARES",
            help="Shares of train, validation and test in order of time, such as 0.8/0.1/0.1. Leak-free; "
            "events of one moment stay together.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a split that is already there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write train, validation and test events with encoded ids and their mapping, as Parquet.

    Ids that train does not have get the highest codes (inTrain is false). manifest.json says what was split and how.

    Example: interestgraph split complete_journey --out splits/2017 --cut 2017-12-01 --validation 31
    """
    from interestgraph.cli.output import Bars, note, print_json
    from interestgraph.errors import ConfigurationError
    from interestgraph.ingest.split import SplitConfig
    from interestgraph.ingest.split import split as run

    try:
        shares = None if ratio is None else _shares(ratio)
        config = SplitConfig(loader, out, data, cut, validation_cut, validation, last, shares, overwrite)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error
    with Bars() as bars:
        report = run(config, bars)
    for text in report.notes:
        note(text)
    if as_json:
        print_json(report)
    else:
        print_split(report)


def _shares(text: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(share) for share in text.split("/"))
    except ValueError:
        raise typer.BadParameter(f"--ratio is written as 0.8/0.1/0.1, got {text}") from None
    return train, validation, test


def print_split(report: SplitReport) -> None:
    """Print what was written as a table."""
    from interestgraph.cli.output import print_table

    print_table(
        f"split of {report.loader} in {report.folder}: {report.rows:,} rows read, "
        f"{report.duplicates:,} duplicates, {report.rejected:,} rejected; train has {report.train_users:,} of "
        f"{report.users:,} users and {report.train_items:,} of {report.items:,} items",
        ("file", "events", "users", "items", "from", "to"),
        [
            (f"{part.name}.parquet", part.events, part.users, part.items, part.first_event_at, part.last_event_at)
            for part in report.parts
        ],
    )
