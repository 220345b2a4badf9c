"""The wheel: what it holds, and that it works installed elsewhere, from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from interestgraph.neo4j.connection import Database

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel alone is installed into; what it depends on comes from this environment."""
    folder = tmp_path_factory.mktemp("target") / "site"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    return folder


def run(target: Path, *arguments: str, **environment: str) -> str:
    """Run Python with the installed wheel first, in a folder that is no checkout."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=target.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(target), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_all_files_that_are_needed(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for folder in ("cypher", "loaders"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"interestgraph/_data/{path.relative_to(ROOT)}" for path in files} <= names
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "interestgraph").rglob("*.py")}
    assert modules <= names
    assert "interestgraph/py.typed" in names
    assert any(name.startswith("interestgraph/neo4j/") and name.endswith(".lock.toml") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "cypher/"))]


def test_its_metadata(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode()
        entries = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "Name: interestgraph\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert "Requires-Python: >=3.11\n" in text
    assert "interestgraph = interestgraph.cli:main" in entries
    assert "ig = interestgraph.cli:main" in entries


def test_it_is_the_installed_package_that_runs(target: Path) -> None:
    shown = run(target, "-c", "import interestgraph; print(interestgraph.__file__)").strip()
    assert Path(shown).is_relative_to(target)


def test_loaders_and_queries_come_along(target: Path) -> None:
    loaders = {spec["name"] for spec in json.loads(run(target, "-m", "interestgraph", "loaders", "list", "--json"))}
    assert loaders == {path.stem for path in (ROOT / "loaders").glob("*.toml")}
    listed = run(target, "-m", "interestgraph", "query", "list", "--all")
    files = list((ROOT / "cypher").rglob("*.cypher"))
    assert all(f"\n{path.relative_to(ROOT / 'cypher').with_suffix('').as_posix()} " in listed for path in files)
    shown = run(target, "-m", "interestgraph", "query", "show", "serve/trending")
    assert shown == (ROOT / "cypher" / "serve" / "trending.cypher").read_text(encoding="utf-8")


def test_it_loads_enriches_and_answers(target: Path, database: Database, password: str, shop_log: Path) -> None:
    environment = {"NEO4J_URI": database.uri, "NEO4J_PASSWORD": password, "INTERESTGRAPH_HOME": str(target / "home")}

    def ig(*arguments: str) -> dict[str, object]:
        answer: dict[str, object] = json.loads(run(target, "-m", "interestgraph", *arguments, "--json", **environment))
        return answer

    assert ig("load", "events", "--data", str(shop_log))["users"] == 24
    assert ig("enrich")["changed"] is True
    items = ig("trending", "-n", "4")["items"]
    assert isinstance(items, list)
    assert len(items) == 4
    assert all(item["title"] and item["category"] and item["trend"] > 0 for item in items)
