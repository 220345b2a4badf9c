"""The report of an empty graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from interestgraph.neo4j.connection import Database
from tests.conftest import Output
from tests.pages import parsed


def test_an_empty_graph_has_a_report_that_says_so(
    database: Database, ig: Callable[..., Output], tmp_path: Path
) -> None:
    done = ig("report", "--html", str(tmp_path / "empty.html"))
    assert (done.code, done.out.split(" in ")[0]) == (0, "0 parts")
    assert "Data quality: The graph holds no load yet" in done.err
    text = " ".join(parsed((tmp_path / "empty.html").read_text(encoding="utf-8")).texts)
    assert text.count("`interestgraph load` brings") >= 3
    assert ig("report", "--html", str(tmp_path / "x.html"), "--user", "u1").err.startswith(
        "error: the graph has no user u1"
    )
    assert not (tmp_path / "x.html").exists()
