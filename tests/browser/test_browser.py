"""Neo4j Browser with the files that it is given: in headless Chromium, and the files by themselves."""

from __future__ import annotations

import base64
import html
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest

from interestgraph import InterestGraph, PortError
from interestgraph.analysis.question import AREAS, question_names
from interestgraph.browser.kit import FAVOURITES, GUIDE, PICTURES, STYLE, Examples, favourites, write_kit
from interestgraph.browser.serve import browser_address, served
from interestgraph.settings import Settings
from tests.conftest import Output
from tests.pages import CHROMIUM, FLAGS

DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name));
  for (const kind of ['dragenter', 'drop'])
    document.querySelector('.filedrop').dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: dropped }));
}"""
FILLS = "() => [...document.querySelectorAll('svg circle')].map(circle => circle.getAttribute('fill'))"
COLOURS = {"User": "#2f6db5", "Item": "#f2a541", "Category": "#3f8f5b", "Community": "#7d4fa3"}


@pytest.fixture
def private_shop(shop: InterestGraph, settings: Settings) -> Iterator[InterestGraph]:
    """The shop by way of its private server, which serves Neo4j Browser."""
    if settings.neo4j_uri is not None:
        pytest.skip("the server of the run is not a private one")
    with InterestGraph(home=settings.home) as graph:
        yield graph


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_newcomer_signs_in_reads_the_guide_and_draws_a_favourite(
    private_shop: InterestGraph, password: str, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    with private_shop.browser() as page, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        tab = chromium.new_page(viewport={"width": 1400, "height": 1000})
        tab.set_default_timeout(90_000)
        # Neo4j Browser also asks for fonts and statistics from the internet, which a test does not wait for.
        local = re.compile(r"^https?://(?!127\.0\.0\.1|localhost)")
        tab.route(local, lambda route: route.abort())
        tab.goto(page.address)
        tab.fill("input[type=password]", password)
        tab.keyboard.press("Enter")
        tab.get_by_text("You are connected as user").wait_for()
        tab.get_by_text("Who likes what, since when, and why.").wait_for()
        tab.locator("pre.runnable", has_text=":style").first.click()
        tab.click('[data-testid="editor-Run"]')
        tab.get_by_text("node.Community").first.wait_for()
        tab.screenshot(path=tmp_path / "guide.png")
        tab.evaluate(DROP, [base64.b64encode(page.favourites.read_bytes()).decode(), page.favourites.name])
        tab.click('[data-testid="navigationFavorites"]')
        for area in AREAS:
            assert tab.locator(f'[data-testid="expandFolder-{area}"]').count() == 1
        tab.click(f'[data-testid="expandFolder-{PICTURES}"]')
        tab.get_by_text("User map").first.click()
        tab.click('[data-testid="editor-Run"]')
        tab.locator(f'svg circle[fill="{COLOURS["User"]}"]').first.wait_for()
        tab.wait_for_timeout(2000)  # the layout comes to rest
        fills = tab.evaluate(FILLS)
        tab.screenshot(path=tmp_path / "graph.png")
        captions = " ".join(tab.locator("svg text").all_text_contents())
        chromium.close()
    assert set(fills) >= set(COLOURS.values())
    assert re.search(r"Tea|Cake|Soap", captions)
    assert (tmp_path / "graph.png").stat().st_size > 20_000


def test_all_favourites_run_on_the_graph(shop: InterestGraph, driver: neo4j.Driver, tmp_path: Path) -> None:
    write_kit(shop.database, tmp_path, "http://localhost:1/")
    first = (tmp_path / FAVOURITES).read_bytes()
    write_kit(shop.database, tmp_path, "http://localhost:1/")
    assert (tmp_path / FAVOURITES).read_bytes() == first
    with zipfile.ZipFile(tmp_path / FAVOURITES) as archive, driver.session() as session:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {*AREAS, PICTURES}
        assert len(names) == len(question_names()) + 8
        for name in names:
            text = archive.read(name).decode()
            assert text.startswith("// ")
            assert "$" not in text
        # The statements are run elsewhere; here it is about the values that stand in them.
        for name in (*names[::7], *(name for name in names if name.startswith(PICTURES))):
            text = archive.read(name).decode()
            session.run(neo4j.Query(f"EXPLAIN {text.strip().rstrip(';')}")).consume()
        drawn = archive.read(f"{PICTURES}/user_map.cypher").decode().strip().rstrip(";")
        record = session.run(neo4j.Query(drawn)).single(strict=True)
        assert record["items"]
        assert record["categories"]


def test_ids_with_quotes_stay_texts() -> None:
    made = favourites(Examples("o'neil \\", "7", "A > B"))
    assert r"{userId: 'o\'neil \\'}" in made[f"{PICTURES}/user_map.cypher"]


def test_all_statements_of_the_guide_run(shop: InterestGraph, driver: neo4j.Driver, tmp_path: Path) -> None:
    write_kit(shop.database, tmp_path, "http://localhost:1/")
    guide = (tmp_path / GUIDE).read_text(encoding="utf-8")
    found = [html.unescape(text) for text in re.findall(r'<pre class="[^"]*runnable">(.*?)</pre>', guide, re.DOTALL)]
    assert len(found) > 12
    parameters = dict(re.findall(r":param (\w+) => '(.*)'", "\n".join(found)))
    assert parameters.keys() == {"userId", "itemId"}
    with driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
        for text in found:
            if not text.startswith(":"):
                assert session.run(neo4j.Query(text), parameters).data(), text
    assert f":style http://localhost:1/{STYLE}" in found


def test_only_the_files_are_served_and_other_origins_may_have_them(shop: InterestGraph, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    with served(tmp_path) as url:
        write_kit(shop.database, tmp_path, url)
        for name in (GUIDE, STYLE, FAVOURITES):
            with urllib.request.urlopen(url + name, timeout=10) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.read() == (tmp_path / name).read_bytes()
        for name in ("", "secret", "../secret", "%2e%2e/secret"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url + name, timeout=10)
        port = int(url.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(PortError, match=f"port {port} cannot be used for the guide"), served(tmp_path, port):
            pass
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url + GUIDE, timeout=10)


def test_the_address_signs_in_and_plays() -> None:
    address = browser_address(
        "http://127.0.0.1:7474", "bolt://127.0.0.1:7687", "neo4j", "http://localhost:1/guide.html"
    )
    assert address == (
        "http://127.0.0.1:7474/browser/?connectURL=bolt%3A%2F%2Fneo4j%40127.0.0.1%3A7687"
        "&cmd=play&arg=http%3A%2F%2Flocalhost%3A1%2Fguide.html"
    )


def test_the_command_writes_and_prints(ig: Callable[..., Output], shop: InterestGraph, tmp_path: Path) -> None:
    told = json.loads(ig("browser", "--once", "--json").out)
    assert Path(told["favourites"]).is_file()
    assert told["guide"].startswith(":play http://localhost:")
    assert told["password file"] is None
    done = ig("browser", "--port", "99999")
    assert done.code == 2


def test_the_command_serves_until_it_is_interrupted(environment: None, shop: InterestGraph) -> None:
    call = [sys.executable, "-m", "interestgraph", "browser"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        told = iter(command.stderr.readline, "")
        assert any("until Ctrl-C" in line for line in told)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    assert "style          :style http://localhost" in out
    assert command.returncode == 0
    assert "no longer served" in err
