"""The report page of a graph."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interestgraph import ConfigurationError, InterestGraph, UnknownUserError
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.temporal import evaluate
from interestgraph.pictures.report import PARTS
from interestgraph.pictures.source import ReportConfig
from interestgraph.settings import load_settings
from tests.conftest import write_shop_log
from tests.pages import CHROMIUM, CONTRAST, OVERLAPS, alone, browser, opened, parsed

TITLES = [part.title for part in PARTS]


@pytest.fixture(scope="module")
def page(fair: InterestGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    done = fair.report(file, ReportConfig(users=("tea-fan-1", "soap-fan-3")))
    assert done.bytes == file.stat().st_size
    assert list(done.absent) == ["Recommendation quality"]
    assert [*done.shown, *done.absent] == [*(title for title in TITLES if title not in done.absent), *done.absent]
    return file


def words(page: Path) -> str:
    """The text of a page."""
    found = parsed(page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", " ".join(found.texts))


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return [path.name for path in folder.iterdir()]


def test_the_page_says_what_the_graph_holds(page: Path, fair: InterestGraph) -> None:
    text = words(page)
    events = int(fair.cypher("MATCH (l:Load) RETURN l.events AS events")[0]["events"])
    assert (
        f"{events + 2:,} {events:,} 0 0 2 {200 / (events + 2):.2f}" in text
    )  # read, new, known, outside, rejected, their share
    reasons = fair.cypher("MATCH (l:Load) UNWIND l.reasons AS reason RETURN reason ORDER BY reason")
    assert len(reasons) == 2
    for row in reasons:
        assert row["reason"] in text
    assert "PURCHASED 1 120 yes" in text
    assert "VIEWED 0.1 30 no" in text
    for community in fair.query("communities", minUsers=1):
        assert community["label"] in text
    (redemption,) = fair.query("campaign_redemption")
    assert f"{redemption['percent']} {redemption['low']} to {redemption['high']}" in text
    assert "spring, receivers 24 24" in text
    for user in ("tea-fan-1", "soap-fan-3"):
        assert f"User {user}" in text
        best = fair.recommend(user, n=1)[0]
        assert best.title is not None
        assert best.title in text
        assert best.reason in text
    assert "48 users, 21 items, 6 categories of run" in text
    (first, *_) = fair.query("falling_items")
    assert f"{first['title']} {first['itemId']}" in text
    falling = {row["category"]: row["changePercent"] for row in fair.query("category_trends") if row["significant"]}
    assert falling["Home > Bath"] < 0
    assert f"Bath {falling['Home > Bath']:+.0f} %" in text


def test_the_page_is_whole_and_needs_nothing_else(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = parsed(text)
    assert not {tag for tag, _, _ in found.attributes} & {"script", "link", "img", "iframe"}
    assert alone(text)
    assert "://" not in text
    ids = {value for _, name, value in found.attributes if name == "id"}
    links = {value.removeprefix("#") for tag, name, value in found.attributes if (tag, name) == ("a", "href")}
    assert links == ids
    assert len(links) == len(TITLES)
    pictures = text.count('role="img"')
    assert pictures > 12
    assert len(re.findall(r'role="img" aria-label="[^"]{10,}"', text)) == pictures


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_it_can_be_read_in_light_and_dark_on_any_screen(page: Path) -> None:
    with browser() as chromium:
        for width, scheme in ((420, "light"), (900, "dark"), (1440, "light")):
            with opened(chromium, page, width, scheme) as (tab, asked):
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
                assert tab.evaluate(CONTRAST) == []
                assert tab.evaluate(OVERLAPS, ".chart .x span, .chart .y span, .row .name, .row .value") == []
                assert tab.evaluate(OVERLAPS, ".points > b") == []
                tab.emulate_media(media="print", color_scheme="dark")
                assert tab.evaluate(CONTRAST) == []
                assert asked == []
                # Pages on paper that are not blank; Chromium left them so where boxes were size containers.
                assert len(tab.pdf()) > 60_000


def test_an_evaluation_of_a_file_is_shown(fair: InterestGraph, tmp_path: Path) -> None:
    file = tmp_path / "quality.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"quality\.json is no report"):
        fair.report(tmp_path / "report.html", ReportConfig(examples=0, evaluation=file))
    with pytest.raises(ConfigurationError, match=r"none\.json cannot be read: No such file"):
        fair.report(tmp_path / "report.html", ReportConfig(examples=0, evaluation=tmp_path / "none.json"))
    assert names(tmp_path) == ["quality.json"]
    models = ("popularity", "own frequency", "ItemKNN")
    config = EvaluateConfig("events", write_shop_log(tmp_path / "log.csv"), days=9, models=models)
    found = evaluate(load_settings(home=tmp_path / "home"), config)
    found.write_json(file)
    shown = fair.report(tmp_path / "report.html", ReportConfig(examples=0, evaluation=file)).shown
    assert "Recommendation quality" in shown
    text = words(tmp_path / "report.html")
    for model in found.models:
        quality = model.tasks[found.main]
        assert f"{model.name} {quality['recall'].mean:.3f} {quality['ndcg'].mean:.3f}" in text
    assert f"NDCG@{found.k}: " in text


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """No file may grow beyond `most` bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_nothing_half_written_is_left(fair: InterestGraph, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the old one", encoding="utf-8")
    with (
        small_files(10_000),
        pytest.raises(ConfigurationError, match=r"report\.html cannot be written: File too large"),
    ):
        fair.report(file, ReportConfig(examples=0, points=10))
    assert file.read_text(encoding="utf-8") == "the old one"
    assert names(tmp_path) == ["report.html"]


def test_names_that_cannot_be_written_are_refused_before_any_work(fair: InterestGraph, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"report\.pdf is no HTML file"):
        fair.report(tmp_path / "report.pdf")
    with pytest.raises(ConfigurationError, match="none is no folder"):
        fair.report(tmp_path / "none" / "report.html")
    with pytest.raises(UnknownUserError, match="no user nobody"):
        fair.report(tmp_path / "report.html", ReportConfig(users=("nobody",)))
    assert names(tmp_path) == []
