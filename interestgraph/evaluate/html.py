"""The report as one HTML file: readable alone, offline, in light and dark, on paper and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from interestgraph.evaluate.bootstrap import Estimate
from interestgraph.evaluate.metrics import METRICS
from interestgraph.evaluate.report import PLACES, Ablation, EvaluateReport, ModelReport
from interestgraph.evaluate.words import DEFINITIONS, METRIC_NAMES, TASK_NAMES, TASK_TEXTS, protocol_text, summary
from interestgraph.page import plots
from interestgraph.page.document import document, row, section, table, tiles
from interestgraph.page.plots import Mark, Series

LEGEND = (
    '<ul class="key"><li class="c-reference"><i class="dot full square"></i>the model others are compared with</li>'
    '<li class="c-platform"><i class="dot full"></i>other models of the platform</li>'
    '<li class="c-baseline"><i class="dot"></i>baselines</li></ul>'
)


def to_html(report: EvaluateReport) -> str:
    """The whole report as HTML text."""
    title = f"Recommendation quality: {report.loader}"
    sections = "".join(part for part in _sections(report) if part)
    return document(title, f"<p>{escape(protocol_text(report))}</p>", sections, _footer(report))


def _sections(report: EvaluateReport) -> Iterator[str]:
    yield _short(report)
    yield _accuracy(report)
    yield _differences(report)
    yield _curves(report)
    yield _groups(report)
    yield _beyond(report)
    yield _ablation(report)
    yield _cold(report)
    yield _ratings(report)
    yield _cost(report)
    yield _settings(report)
    yield _how(report)


def _kind(report: EvaluateReport, found: ModelReport) -> str:
    return "reference" if found.name == report.reference else found.kind


def _short(report: EvaluateReport) -> str:
    best = report.model(report.reference).tasks[report.main]["ndcg"]
    facts = [
        ("users tested", f"{report.users:,}"),
        ("items ranked", f"{report.items:,}"),
        ("events learnt from", f"{report.events:,}"),
        ("models", f"{len(report.models)}"),
        (f"NDCG@{report.k}, {report.reference}", f"{best.mean:.3f}"),
    ]
    lines = "".join(f"<li>{escape(line)}</li>" for line in summary(report))
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    left = "".join(f"<li>{escape(left.name)} was left out: {escape(left.reason)}</li>" for left in report.left_out)
    return f'{tiles(facts)}<ul>{lines}</ul><ul class="notes soft">{notes}{left}</ul>'


def _accuracy(report: EvaluateReport) -> str:
    panels = []
    for task in report.tasks:
        marks = [
            Mark(found.name, value.mean, value.low, value.high, _kind(report, found))
            for found in report.models
            for value in [found.tasks[task]["ndcg"]]
        ]
        label = f"NDCG@{report.k} of {len(marks)} models, {TASK_NAMES[task]}; the values are in the table below"
        panels.append(
            f"<figure><h3>NDCG@{report.k}: {escape(TASK_NAMES[task])}</h3>{plots.forest(marks, label)}"
            f"<figcaption>{escape(TASK_TEXTS[task])}; {report.tasks[task]:,} users.</figcaption></figure>"
        )
    tables = []
    for task in report.tasks:
        head = [f"{METRIC_NAMES[name]}@{report.k}" for name in METRICS]
        rows = [(found, [found.tasks[task][name] for name in METRICS]) for found in report.models]
        tables.append(f"<h3>{escape(TASK_NAMES[task])}</h3>{_estimates(report, head, rows)}")
    return section(
        "Accuracy",
        "Every known item is ranked for every user. Dots are means over users; bars hold 95 % of the bootstrap means.",
        LEGEND,
        f'<div class="panels">{"".join(panels)}</div>',
        f"<details open><summary>all measures with intervals</summary>{''.join(tables)}</details>",
    )


def _estimates(
    report: EvaluateReport, head: Sequence[str], rows: Sequence[tuple[ModelReport, Sequence[Estimate]]]
) -> str:
    best = [max(row[1][column].mean for row in rows) for column in range(len(head))]
    body = []
    for found, values in rows:
        cells = "".join(
            f"<td{' class=best' if value.mean == best[at] and value.mean > 0 else ''} "
            f'title="[{value.low:.4f}, {value.high:.4f}]">{value.mean:.3f}<br>'
            f'<span class="soft">±{(value.high - value.low) / 2:.3f}</span></td>'
            for at, value in enumerate(values)
        )
        body.append(f'<tr class="{_kind(report, found)}"><th scope="row">{escape(found.name)}</th>{cells}</tr>')
    return table(("model", *head), body)


def _differences(report: EvaluateReport) -> str:
    panels = []
    others = [found for found in report.models if found.difference]
    if not others:
        return ""
    for task in report.tasks:
        marks = [
            Mark(found.name, value.mean, value.low, value.high, found.kind, f"{value.mean:+.3f}")
            for found in others
            for value in [found.difference[task]["ndcg"]]
        ]
        label = f"NDCG@{report.k} of {report.reference} minus that of each model, {TASK_NAMES[task]}"
        panels.append(
            f"<figure><h3>{escape(TASK_NAMES[task])}</h3>{plots.forest(marks, label)}"
            f"<figcaption>right of 0: {escape(report.reference)} is better; "
            "bars that cross 0 decide nothing.</figcaption></figure>"
        )
    return section(
        f"{report.reference} against each model",
        f"Difference in NDCG@{report.k}, user by user on the same resamples (paired bootstrap, 95 %).",
        f'<div class="panels">{"".join(panels)}</div>',
    )


def _curves(report: EvaluateReport) -> str:
    panels = []
    for task in report.tasks:
        baselines = [found for found in report.models if found.kind == "baseline"]
        best = max(baselines, key=lambda found: found.tasks[task]["ndcg"].mean, default=None)
        series = [
            Series(
                found.name,
                found.curve[task]["recall"],
                "best" if best is not None and found.name == best.name else _kind(report, found),
            )
            for found in report.models
        ]
        label = f"recall by length of the list, {TASK_NAMES[task]}"
        panels.append(
            f"<figure><h3>Recall: {escape(TASK_NAMES[task])}</h3>"
            f"{plots.lines(series, PLACES, label, 'items in the list')}</figure>"
        )
    return section(
        "Longer and shorter lists",
        "Named are the platform's models and, dotted, the best baseline; dashed are the other baselines.",
        f'<div class="panels">{"".join(panels)}</div>',
    )


def _groups(report: EvaluateReport) -> str:
    if len(report.groups) < 2:
        return ""
    legend = [
        f"{group.name}: {group.low:,} to {group.high:,} events ({group.users:,} users)" for group in report.groups
    ]
    rows = [
        (found.name, _kind(report, found), [found.groups[group.name]["ndcg"].mean for group in report.groups])
        for found in report.models
    ]
    return section(
        "By activity",
        f"NDCG@{report.k} ({TASK_NAMES[report.main]}) of thirds of the users, by their events before the test.",
        f"<figure>{plots.grouped(rows, legend, 'NDCG by activity of the users')}</figure>",
    )


def _beyond(report: EvaluateReport) -> str:
    points = [
        (found.name, found.beyond.coverage, found.tasks[report.main]["ndcg"].mean, _kind(report, found))
        for found in report.models
    ]
    head = (
        "coverage", "Gini", "novelty, bits", "users per item", "popularity lift", "diversity, categories",
        "diversity, vectors", "items per list",
    )  # fmt: skip
    body = [row(found.name, _beyond_cells(found), _kind(report, found)) for found in report.models]
    return section(
        "Beyond accuracy",
        f"What share of the items is recommended at all in {report.k} places, how unevenly, how well known the items "
        "are, and how alike those of one list.",
        LEGEND,
        "<figure>"
        + plots.scatter(points, "NDCG by coverage", f"coverage@{report.k}", f"NDCG@{report.k}")
        + f"</figure>{table(('model', *head), body)}",
    )


def _beyond_cells(found: ModelReport) -> list[str]:
    of = found.beyond

    def optional(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    return [
        f"{of.coverage:.2%}",
        f"{of.gini:.3f}",
        f"{of.novelty:.2f}",
        f"{of.popularity:.2%}",
        f"{of.popularity_lift:+.0%}",
        optional(of.diversity_categories),
        optional(of.diversity_vectors),
        f"{of.list_length:.1f}",
    ]


def _ablation(report: EvaluateReport) -> str:
    k = report.k
    blend = _sources(
        report,
        report.ablation,
        "The blend's sources",
        f"NDCG@{k} of the blend minus that without the source (paired, 95 %), and of the source alone.",
    )
    ranker = _sources(
        report,
        report.ranker_ablation,
        "The ranker's sources",
        f"NDCG@{k} of the trained ranker minus that of the same ranker when the source proposes nothing and its "
        f"features are missing (paired, 95 %); lists of {report.ranker_ablation_users:,} users.",
    )
    return blend + ranker


def _sources(report: EvaluateReport, entries: Sequence[Ablation], title: str, text: str) -> str:
    panels = []
    for task in report.tasks:
        adds = [
            Mark(entry.source, value.mean, value.low, value.high, "platform", f"{value.mean:+.3f}")
            for entry in entries
            if (value := entry.without.get(task)) is not None
        ]
        alone = [
            Mark(entry.source, value.mean, value.low, value.high, "platform")
            for entry in entries
            if (value := entry.alone.get(task)) is not None
        ]
        name = TASK_NAMES[task]
        if adds:
            plot = plots.forest(adds, f"NDCG lost without each source, {name}")
            panels.append(f"<figure><h3>what each source adds: {escape(name)}</h3>{plot}</figure>")
        if alone:
            plot = plots.forest(alone, f"NDCG of each source alone, {name}")
            panels.append(f"<figure><h3>each source alone: {escape(name)}</h3>{plot}</figure>")
    return section(title, text, f'<div class="panels">{"".join(panels)}</div>') if panels else ""


def _cold(report: EvaluateReport) -> str:
    if report.cold is None:
        return ""
    body = [row(name, [_interval(of["recall"]), _interval(of["ndcg"])]) for name, of in report.cold.quality.items()]
    return section(
        "Users without history",
        f"{report.cold.users:,} users of the test did nothing before it; they can only be shown what everybody gets.",
        table(("list", f"recall@{report.k}", f"NDCG@{report.k}"), body) if body else "",
    )


def _interval(value: Estimate) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _ratings(report: EvaluateReport) -> str:
    found = report.ratings
    if found is None:
        return ""
    marks = [
        Mark(error.model, error.rmse, error.rmse_interval.low, error.rmse_interval.high, "platform"
             if "node2vec" in error.model else "baseline")
        for error in found.errors
    ]  # fmt: skip
    body = [
        row(
            error.model,
            [f"{error.rmse:.4f}", f"{error.mse:.4f}", f"{error.mae:.4f}", error.title],
            text_from=3,
        )
        for error in found.errors
    ]
    return section(
        "Predicted ratings",
        f"{found.ratings:,} ratings of {found.users:,} users, from {found.low:g} to {found.high:g}; less is better.",
        f"<figure><h3>RMSE</h3>{plots.forest(marks, 'RMSE of predicted ratings')}</figure>",
        table(("model", "RMSE", "MSE", "MAE", "what it is"), body, text_from=4),
    )


def _cost(report: EvaluateReport) -> str:
    body = []
    for found in report.models:
        tuning = sum(trial.seconds for trial in found.trials)
        speed = report.listed / found.rank_seconds if found.rank_seconds else 0.0
        cells = [f"{tuning:,.1f}", f"{found.fit_seconds:,.1f}", f"{speed:,.0f}", f"{found.memory_mib:,.0f}"]
        body.append(row(found.name, cells, _kind(report, found)))
    steps = "; ".join(f"{name} {seconds:,.0f} s" for name, seconds in report.seconds.items())
    return section(
        "Cost",
        f"The platform's fit is the enrichment and embedding that the model needs. Stages: {steps}.",
        table(("model", "tuning, s", "fit, s", "users ranked/s", "memory, MiB"), body),
    )


def _settings(report: EvaluateReport) -> str:
    body, trials = [], []
    for found in report.models:
        chosen = "; ".join(f"{TASK_NAMES[task]}: {_parameters(of)}" for task, of in found.parameters.items() if of)
        body.append(row(found.name, [found.title, chosen or "–"], _kind(report, found), text_from=0))
        for trial in found.trials:
            cells = [*(f"{trial.ndcg[task]:.4f}" if task in trial.ndcg else "–" for task in report.tasks)]
            trials.append(row(f"{found.name}: {_parameters(trial.parameters)}", [*cells, f"{trial.seconds:.1f}"]))
    window = report.validation
    where = f" on {window[0]:%Y-%m-%d} to {window[1]:%Y-%m-%d}" if window else ""
    tried = table(("setting", *(TASK_NAMES[task] for task in report.tasks), "seconds"), trials) if trials else ""
    return section(
        "Models and their settings",
        f"Baselines were tuned for each column by NDCG@{report.k}{where}, before the test; the test was not looked at.",
        table(("model", "what it is", "settings"), body, text_from=1),
        f"<details><summary>all settings that were tried</summary>{tried}</details>" if trials else "",
    )


def _parameters(of: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {'none' if value is None else value}" for name, value in of.items())


def _how(report: EvaluateReport) -> str:
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(text)}</li>" for name, text in DEFINITIONS)
    return section("How it is measured", protocol_text(report), f"<ul>{items}</ul>")


def _footer(report: EvaluateReport) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return f"{escape(versions)}. Command: <code>interestgraph evaluate</code>."
