"""Recommendation quality on the Complete Journey: all models of `interestgraph evaluate`, and what each costs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import markdown, publish, versions
from interestgraph.evaluate.bootstrap import Estimate
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.report import EvaluateReport, ModelReport
from interestgraph.evaluate.temporal import evaluate
from interestgraph.evaluate.words import TASK_NAMES, TASK_TEXTS, summary
from interestgraph.settings import load_settings

DAYS = 31
COMMAND = f"interestgraph evaluate complete_journey --days {DAYS}"
CUTS = (datetime(2017, 8, 1), datetime(2017, 10, 1))
QUICK = (
    "popularity",
    "recent popularity",
    "own frequency",
    "own time-weighted",
    "ItemKNN",
    "TIFU-KNN",
    "blend",
    "ranker",
)


def main() -> None:
    """Evaluate in a folder of its own, and publish."""
    publish_report(_evaluated(EvaluateConfig("complete_journey", days=DAYS)))
    publish_cuts()


def _evaluated(config: EvaluateConfig) -> EvaluateReport:
    with TemporaryDirectory(prefix="interestgraph-quality-") as folder:
        return evaluate(load_settings(home=Path(folder)).model_copy(update={"neo4j_uri": None}), config)


def publish_cuts() -> None:
    """Evaluate the quicker models on other months, and put them into docs/benchmarks.md."""
    rows: list[tuple[str, ...]] = []
    for cut in CUTS:
        report = _evaluated(EvaluateConfig("complete_journey", cut=cut, days=DAYS, models=QUICK))
        tasks = list(report.tasks)
        rows += [
            (f"{cut:%Y-%m-%d}", found.name, *(_both(found, task) for task in tasks), *_differences(found, tasks))
            for found in report.models
        ]
    text = "\n\n".join(
        [
            "## Recommendation quality in other months",
            f"The Complete Journey as above, {DAYS} days from other cuts, the quicker models: recall@10 / NDCG@10, and "
            "differences in NDCG with 95 % of the paired bootstrap means.",
            markdown(
                ("cut", "model", *TASK_NAMES.values(), "ranker − model, all items", "ranker − model, new to the user"),
                rows,
            ),
            f"{versions('numpy', 'implicit', 'lightgbm')}. "
            f"Command: `interestgraph evaluate complete_journey --cut DATE --days {DAYS} --models …` "
            "(`python -m benchmarks quality`).",
        ]
    )
    publish("quality in other months", text)


def publish_report(report: EvaluateReport) -> None:
    """Put a report into docs/benchmarks.md."""
    tasks = list(report.tasks)
    quality = [
        (found.name, *(_both(found, task) for task in tasks), *_differences(found, tasks)) for found in report.models
    ]
    cost = [
        (
            found.name,
            f"{sum(trial.seconds for trial in found.trials):.0f}",
            f"{found.fit_seconds:.1f}",
            f"{report.listed / found.rank_seconds:,.0f}" if found.rank_seconds else "",
            f"{found.memory_mib:,.0f}",
            f"{found.beyond.coverage:.1%}",
            f"{found.beyond.novelty:.1f}",
            f"{found.beyond.popularity_lift:+.0%}",
            _optional(found.beyond.diversity_categories),
        )
        for found in report.models
    ]
    ablation = [
        (
            entry.source,
            *(_signed(entry.without[task]) for task in tasks),
            *(f"{entry.alone[task].mean:.3f}" for task in tasks),
        )
        for entry in report.ablation
    ]
    names = [TASK_NAMES[task] for task in tasks]
    seconds = sum(report.seconds[name] for name in ("read", "baselines", "platform", "score"))
    k = report.k
    against = [f"{report.reference} − model, {TASK_NAMES[task]}" for task in tasks if task != "again"]
    text = "\n\n".join(
        [
            "## Recommendation quality on the Complete Journey",
            f"Learnt from before {report.cut:%Y-%m-%d %H:%M}, tested on the last {DAYS} days of the log: "
            f"{report.users:,} households, all {report.items:,} known items ranked, recall@{k} / NDCG@{k}; "
            f"hits divided by min({k}, number chosen). "
            f"{_columns(tasks)} Baselines are tuned for each column on the window before the cut. The last columns are "
            "differences in NDCG with 95 % of the paired bootstrap means.",
            markdown(("model", *(TASK_NAMES[task] for task in tasks), *against), quality),
            "\n".join(f"- {line}" for line in summary(report)),
            "What it costs, and what else the lists are like:",
            markdown(
                ("model", "tuning, s", "fit, s", "users ranked/s", "memory, MiB", f"coverage@{k}", "novelty, bits",
                 "popularity lift", "diversity"),
                cost,
            ),
            "What each source adds to the blend's NDCG, and what it reaches alone:",
            markdown(
                ("source", *(f"adds: {name}" for name in names), *(f"alone: {name}" for name in names)),
                ablation,
            ),
            f"Whole evaluation: {seconds:.0f} s. "
            f"{versions('numpy', 'implicit', 'lightgbm')}. Command: `{COMMAND}` (`python -m benchmarks quality`).",
        ]
    )  # fmt: skip
    publish("quality", text)


def _columns(tasks: list[str]) -> str:
    return " ".join(f"“{TASK_NAMES[task]}”: {TASK_TEXTS[task]}." for task in tasks)


def _both(found: ModelReport, task: str) -> str:
    metrics = found.tasks[task]
    return f"{metrics['recall'].mean:.3f} / {metrics['ndcg'].mean:.3f}"


def _signed(value: Estimate) -> str:
    return f"{value.mean:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"


def _differences(found: ModelReport, tasks: list[str]) -> list[str]:
    return [_signed(found.difference[task]["ndcg"]) if found.difference else "" for task in tasks if task != "again"]


def _optional(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
