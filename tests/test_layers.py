"""The shape of the package: which module may import which, and how large things are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import interestgraph

ROOT = Path(interestgraph.__file__).parent
MODULES = {
    ".".join(("interestgraph", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
    if "_data" not in path.parts
}
LAYERS = {
    "errors": 0,
    **{"settings": 1, "model": 1},
    **{"neo4j": 2, "page": 2},
    **{"ingest": 3, "enrich": 3, "embed": 3, "recommend": 3, "analysis": 3},
    **{"train": 4, "stream": 4, "browser": 4, "reshape": 4},
    "evaluate": 5,
    **{"status": 6, "doctor": 6},
    "pictures": 7,
    **{"vectors": 8, "answers": 8, "drawings": 8, "upkeep": 8},
    **{"client": 9, "async_client": 10},
    "cli": 11,
    "__main__": 12,
}
"""A part imports from parts below it and from itself; its stages do not know each other."""
HEAVY = (
    *("numba", "lightgbm", "ibis", "duckdb", "pandas", "gensim", "neo4j", "scipy", "numpy", "sklearn", "pyarrow"),
    *("confluent_kafka", "openTSNE"),
)
DRIVER_TYPES = {"interestgraph.client"}
"""May name the driver's types, without importing it when it runs."""
LONG = {"walk_block", "train_block"}
"""Two compiled loops, which every split makes slower."""
UNDOCUMENTED = {"interestgraph.embed.formats"}


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(module: str, *, types: bool) -> Iterator[str]:
    """Absolute names of what a module imports anywhere; with `types` also what only type checkers see."""

    class Visitor(ast.NodeVisitor):
        def __init__(self) -> None:
            self.names: list[str] = []

        def visit_If(self, node: ast.If) -> None:
            if types or not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
                self.generic_visit(node)

        def visit_Import(self, node: ast.Import) -> None:
            self.names += [alias.name for alias in node.names]

        def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
            assert node.level == 0, f"{module} has a relative import"
            self.names += [f"{node.module}.{alias.name}" for alias in node.names]

    visitor = Visitor()
    visitor.visit(parsed(module))
    yield from visitor.names


def part(name: str) -> str:
    """``interestgraph.embed.run.embed`` -> ``embed``; the package itself -> the empty string."""
    return name.split(".")[1] if name.count(".") else ""


@pytest.mark.parametrize("module", [name for name in MODULES if name != "interestgraph"])
def test_imports_go_one_way(module: str) -> None:
    own = part(module)
    for name in imports(module, types=True):
        if not name.startswith("interestgraph.") or name == "interestgraph.__version__":
            continue
        used = part(name)
        assert used == own or LAYERS[used] < LAYERS[own], f"{module} imports {name}"


def test_the_package_itself_brings_only_its_errors() -> None:
    at_import = [
        name for node in parsed("interestgraph").body if isinstance(node, ast.ImportFrom) for name in [str(node.module)]
    ]
    assert [name for name in at_import if name.startswith("interestgraph")] == ["interestgraph.errors"]


@pytest.mark.parametrize("module", MODULES)
def test_only_their_own_part_uses_the_driver_typer_and_rich(module: str) -> None:
    outside = {name.split(".")[0] for name in imports(module, types=module not in DRIVER_TYPES)}
    if part(module) != "neo4j":
        assert "neo4j" not in outside
    if part(module) != "cli":
        assert not outside & {"typer", "rich", "click"}


@pytest.mark.parametrize("arguments", [["--help"], ["recommend", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['interestgraph', *{arguments}]\n"
        "from interestgraph.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        f"print('LOADED', sorted(set({HEAVY}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
    assert "interestgraph" in done.stdout


def test_the_public_door() -> None:
    assert interestgraph.__all__ == sorted(interestgraph.__all__)
    for name in interestgraph.__all__:
        assert getattr(interestgraph, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = interestgraph.Nothing


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_has_a_docstring(module: str) -> None:
    tree = parsed(module)
    assert ast.get_docstring(tree), f"{module} has no docstring"
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    scopes += [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    bare = [
        node.name
        for scope in scopes
        for node in scope.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and "overload" not in {name.id for name in node.decorator_list if isinstance(name, ast.Name)}
    ]
    assert not bare or module in UNDOCUMENTED


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_are_small(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 400
    # What a signature and its documentation take is not counted: a command's options are both.
    long = {}
    for node in functions(module):
        documented = ast.get_docstring(node) is not None
        body = node.body[1:] if documented else node.body
        lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
        if lines > 60:
            long[node.name] = lines
    assert set(long) <= LONG
