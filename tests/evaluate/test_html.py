"""The report as a page, and as JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interestgraph.errors import ConfigurationError
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.html import to_html
from interestgraph.evaluate.report import EvaluateReport
from interestgraph.evaluate.temporal import evaluate
from interestgraph.page.plots import Axis
from interestgraph.settings import load_settings
from tests.conftest import write_shop_log
from tests.pages import Balanced


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> EvaluateReport:
    folder = tmp_path_factory.mktemp("report")
    config = EvaluateConfig(
        "events", write_shop_log(folder / "a<b>.csv"), days=9, models=("popularity", "ItemKNN", "EASE")
    )
    return evaluate(load_settings(home=folder), config)


def test_json_keeps_everything(report: EvaluateReport) -> None:
    assert EvaluateReport.from_json(report.to_json()) == report


def test_the_page_is_whole_and_needs_nothing_else(report: EvaluateReport) -> None:
    page = to_html(report)
    parsed = Balanced()
    parsed.feed(page)
    assert parsed.open == []
    assert not {tag for tag, _, _ in parsed.attributes} & {"script", "link", "img", "iframe"}
    assert not re.search(r"https?://|url\(|@import", page)
    assert ("html", "lang", "en") in parsed.attributes
    text = " ".join(parsed.texts)
    for model in report.models:
        assert model.name in text
        assert f"{model.tasks['all']['ndcg'].mean:.3f}" in text
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    # Every plot says in words what it shows.
    labels = [value for tag, name, value in parsed.attributes if name == "aria-label"]
    assert sum(name == "role" and value == "img" for _, name, value in parsed.attributes) <= len(labels)
    assert all(labels)


def test_a_file_that_cannot_be_written_is_named(report: EvaluateReport, tmp_path: Path) -> None:
    for write in (report.write_html, report.write_json):
        with pytest.raises(ConfigurationError, match=r"none/x cannot be written: No such file"):
            write(tmp_path / "none" / "x")


@pytest.mark.parametrize(
    ("values", "low", "high", "ticks"),
    [
        ([0.12, 0.41], 0, 0.5, (0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        ([-0.013, 0.021], -0.02, 0.03, (-0.02, -0.01, 0, 0.01, 0.02, 0.03)),
        ([0.0], 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ],
)
def test_axes_are_round(values: list[float], low: float, high: float, ticks: tuple[float, ...]) -> None:
    axis = Axis.of(values)
    assert [axis.low, axis.high] == pytest.approx([low, high])
    assert axis.ticks == pytest.approx(ticks)
    assert axis.place(axis.low - 1) == 0
    assert axis.place(axis.high + 1) == 100
