"""How good the data are, and how good the recommendations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import ValidationError

from interestgraph.errors import ConfigurationError, StateError
from interestgraph.evaluate.report import EvaluateReport
from interestgraph.evaluate.words import TASK_NAMES, TASK_TEXTS, protocol_text, summary
from interestgraph.ingest.load import LoadReport, report_of
from interestgraph.page import charts, plots
from interestgraph.page.document import absent, figure, notes, panels, row, table
from interestgraph.page.plots import Mark
from interestgraph.pictures.source import Source


def data_quality(source: Source) -> str:
    """Loads with what became of their rows, reasons of rejection, and what items and users lack."""
    entries = [part["load"] for part in source.database.read("ingest/list_loads")]
    if not entries:
        raise StateError("The graph holds no load yet: `interestgraph load` brings one.")
    loads = [(entry["status"], report_of(entry)) for entry in entries]
    body = [row(load.load_id, _cells(status, load), text_from=6) for status, load in loads]
    head = ("load", "rows read", "new events", "known already", "outside", "rejected", "rejected, %", "period", "state")
    reasons: Counter[str] = Counter()
    for _, load in loads:
        reasons.update(load.reasons)
    return (
        table(head, body, 7, "loads")
        + panels([_reasons(reasons, sum(load.rows for _, load in loads)), _gaps(source)])
        + notes(dict.fromkeys(note for _, load in loads for note in load.notes))
    )


def _cells(status: str, load: LoadReport) -> list[str]:
    period = "–"
    if load.first_event_at is not None and load.last_event_at is not None:
        period = f"{load.first_event_at:%Y-%m-%d} to {load.last_event_at:%Y-%m-%d}"
    share = f"{100 * load.rejected / load.rows:.2f}" if load.rows else "–"
    numbers = (load.rows, load.events, load.duplicates, load.outside, load.rejected)
    return [*(f"{number:,}" for number in numbers), share, period, status]


def _reasons(reasons: Counter[str], rows: int) -> str:
    if not reasons:
        return figure("Rejected rows by reason", absent("No row was rejected."))
    bars = [(name, float(count), f"{count:,}") for name, count in reasons.most_common(12)]
    return figure("Rejected rows by reason", charts.bars(bars, "rejected rows by reason"), f"of {rows:,} rows read")


def _gaps(source: Source) -> str:
    (found,) = source.database.read("pictures/gaps")
    items, users = found["items"], found["users"]
    names = {
        **{"noTitle": "items without title", "noCategory": "items without category", "noPrice": "items without price"},
        **{"noBrand": "items without brand", "noUser": "items without event"},
    }
    bars = [(text, 100 * found[name] / items, f"{found[name]:,}") for name, text in names.items() if items]
    if users:
        bars.append(("users without event", 100 * found["idleUsers"] / users, f"{found['idleUsers']:,}"))
    told = f"percent of {items:,} items and {users:,} users"
    return figure("What is missing", charts.bars(bars, "shares of items and users that lack something", 100.0), told)


def recommendation_quality(source: Source) -> str:
    """The evaluation that is kept in the graph, or the one of a file."""
    found = _evaluation(source)
    drawn = []
    for task in found.tasks:
        marks = [
            Mark(model.name, value.mean, value.low, value.high, _kind(found, model.name, model.kind))
            for model in found.models
            for value in [model.tasks[task]["ndcg"]]
        ]
        label = f"NDCG@{found.k} of {len(marks)} models, {TASK_NAMES[task]}"
        told = f"{TASK_TEXTS[task]}; {found.tasks[task]:,} users; bars hold 95 % of the bootstrap means"
        drawn.append(figure(f"NDCG@{found.k}: {TASK_NAMES[task]}", plots.forest(marks, label), told))
    rows = [
        row(
            model.name,
            [f"{model.tasks[found.main]['recall'].mean:.3f}", f"{model.tasks[found.main]['ndcg'].mean:.3f}",
             f"{model.beyond.coverage:.1%}", f"{model.beyond.novelty:.2f}"],
            _kind(found, model.name, model.kind),
        )
        for model in found.models
    ]  # fmt: skip
    head = ("model", f"recall@{found.k}", f"NDCG@{found.k}", "coverage", "novelty, bits")
    sentences = [f"{found.loader}: {protocol_text(found)}", *summary(found), *found.notes]
    return notes(sentences) + panels(drawn) + table(head, rows, label="quality of all models")


def _kind(found: EvaluateReport, name: str, kind: str) -> str:
    return "reference" if name == found.reference else kind


def _evaluation(source: Source) -> EvaluateReport:
    file = source.config.evaluation
    if file is not None:
        return _from_file(file)
    found = []
    for kept in source.database.read("evaluate/list_reports"):
        try:
            found.append(EvaluateReport.from_json(kept["report"]))
        except ValidationError:
            continue  # Another version of this package kept it.
    if not found:
        raise StateError(
            "No evaluation is kept in the graph, so nothing is said of the quality here: "
            "`interestgraph evaluate … --json FILE` measures it, and `interestgraph report --evaluation FILE` shows it."
        )
    return max(found, key=lambda report: (len(report.models), report.events))


def _from_file(file: Path) -> EvaluateReport:
    try:
        return EvaluateReport.from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is no report that `interestgraph evaluate --json` wrote") from error
