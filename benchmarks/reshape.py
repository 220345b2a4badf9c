"""What reshaping the Complete Journey saves, and what it costs in quality, by threshold."""

from __future__ import annotations

from benchmarks.report import markdown, publish, scratch_server, versions
from interestgraph import InterestGraph
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.report import EvaluateReport
from interestgraph.evaluate.temporal import evaluate
from interestgraph.reshape.measure import Size
from interestgraph.reshape.reshape import ReshapeConfig, ReshapeReport
from interestgraph.settings import Settings

THRESHOLDS = (0.15, 0.25, 0.5)
"""A purchase at the beginning of the year weighs 0.12 at its end: the half-life is 120 days."""


def reshaped(graph: InterestGraph) -> list[ReshapeReport]:
    """Reports of one graph at each threshold; each begins where the one before ended."""
    graph.load("complete_journey")
    graph.enrich()
    graph.embed()
    return [graph.reshape(ReshapeConfig(below=below)) for below in THRESHOLDS]


def quality(settings: Settings, below: float | None) -> EvaluateReport:
    """The blend on the last month, with the graph of the months before reshaped, or not."""
    return evaluate(settings, EvaluateConfig("complete_journey", models=("blend",), prune_below=below))


def _saved(reports: list[ReshapeReport]) -> str:
    first = reports[0]
    rows = [_row("not reshaped", first.before, first.seconds_before, "")]
    for report in reports:
        after, stays = report.after, "" if report.overlap is None else f"{report.overlap:.3f}"
        rows.append(_row(f"under {report.below:g}", after, report.seconds_after, stays))
    work = list(first.seconds_before)
    columns = ["pruned", "pairs", "MB of records", "MB of packs", *(f"{name}, s" for name in work), "same of ten best"]
    return markdown(columns, rows)


def _row(name: str, size: Size, seconds: dict[str, float], stays: str) -> list[str]:
    figures = (f"{size.pairs:,}", f"{size.pair_bytes / 1e6:.0f}", f"{size.pruned_bytes / 1e6:.1f}")
    return [name, *figures, *(f"{value:.2f}" for value in seconds.values()), stays]


def _cost(found: dict[str, EvaluateReport]) -> str:
    rows = []
    for name, report in found.items():
        (blend,) = report.models
        row = [name]
        for task in report.tasks:
            recall = blend.tasks[task]["recall"]
            row.append(f"{recall.mean:.4f} [{recall.low:.4f}, {recall.high:.4f}]")
        rows.append(row)
    tasks = next(iter(found.values())).tasks
    return markdown(["pruned", *(f"recall@10, {task}" for task in tasks)], rows)


def main() -> None:
    """Measure and publish."""
    with scratch_server() as (settings, _):
        with InterestGraph(home=settings.home) as graph:
            reports = reshaped(graph)
        state = reports[0].state
        found = {"not reshaped": quality(settings, None)}
        found |= {f"under {below:g}": quality(settings, below) for below in THRESHOLDS}
    told = (
        "Relationships whose weight as of the last event lies under the threshold are pruned, and everything is "
        "enriched anew; each line goes on from the one above. Records by Neo4j's sizes (34 bytes, and 41 for four "
        f"blocks of properties); lists are of {ReshapeConfig().users} users."
    )
    history = (
        f"History state: {state.history:,.0f} bytes a user for {state.days:,.0f} days with purchases, and "
        f"{state.weeks:,.0f} for the weeks on the user's relationships."
    )
    cost = "Quality of the blend on the last month, of the graph of the months before it, reshaped at the cut:"
    about = f"{versions('neo4j', 'graspologic-native')}. Command: `python -m benchmarks reshape`."
    text = "\n\n".join(("## Reshape", told, _saved(reports), history, cost, _cost(found), about))
    publish("reshape", text)


if __name__ == "__main__":
    main()
