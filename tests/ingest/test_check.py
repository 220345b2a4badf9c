"""`loaders check`: every problem with its key, and what the first rows of a log would become."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from interestgraph.ingest.check import Problem, check
from interestgraph.ingest.spec import loader_names
from tests.conftest import Output
from tests.ingest.bench import csv, toml

Run = Callable[..., Output]


def test_all_problems_are_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
name = "mine"
title = "My log"
colour = "red"
[files]
log = "*"
[formats.lag]
delimiter = ";"
[events]
file = "lug"
user = "u"
item = "i"
value = "v"
unit_price = "p"
rating = { neutral = 1, high = 5 }
[behaviours.EATEN]
half_lif = 3
half_life = 3
[items]
file = "log"
id = "i"
attributes = { price = "p" }
""",
        encoding="utf-8",
    )
    found = check(str(path))
    assert found.name is None
    assert Problem("behaviours.EATEN.half_lif", "there is no such key; did you mean half_life?") in found.problems
    assert Problem("colour", "there is no such key") in found.problems
    assert ("items.attributes.price", True) in [
        (problem.key, "choose another name" in problem.message) for problem in found.problems
    ]
    text = path.read_text(encoding="utf-8").replace("{ price =", "{ cost =")
    path.write_text(text, encoding="utf-8")
    problems = {problem.key: problem.message for problem in check(str(path)).problems}
    assert list(problems) == [
        "behaviours.EATEN.half_lif",
        "colour",
        "behaviours",
        "events",
        "events.rating",
        "formats.lag",
        "events.file",
    ]
    assert problems["behaviours"].startswith("EATEN is not one of VIEWED")
    assert problems["events.rating"] == 'needs value_meaning = "rating"'
    assert problems["events.file"] == "file lug is not listed under [files]"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("user =", "usr ="), Problem("events.user", "is missing")),
        (("half_life = 10", "half_life = 0"), Problem("behaviours.PURCHASED.half_life", "greater than 0")),
        (('title = "My log"', 'title = "My log'), Problem("TOML", "line 3")),
        (('optional = ["v"]', "optional = 3"), Problem("optional", "got 3")),
        (('name = "mine"', 'name = "My log"'), Problem("name", "got 'My log'")),
    ],
)
def test_a_problem_has_its_key(tmp_path: Path, change: tuple[str, str], problem: Problem) -> None:
    path = toml(tmp_path / "mine.toml")
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    found = [entry for entry in check(str(path)).problems if entry.key == problem.key]
    assert len(found) == 1
    assert problem.message in found[0].message


@pytest.mark.parametrize("name", loader_names())
def test_the_shipped_loaders_are_in_order(name: str, tmp_path: Path) -> None:
    assert check(name, rows=1000).problems == ()


def test_rows_are_tried_and_reasons_have_examples(tmp_path: Path) -> None:
    log = csv(
        tmp_path / "log.csv",
        "u,i,t",
        "u,i,2024-05-01",
        ",i,2024-05-01",
        *[f"u,i,day {n}" for n in range(5)],
        "u,i,2024-05-02",
    )
    found = check(str(toml(tmp_path / "mine.toml")), log)
    assert (found.problems, found.files) == ((), {"log": 1})
    assert found.trial is not None
    assert (found.trial.rows, found.trial.events, found.trial.behaviours) == (8, 2, {"PURCHASED": 2})
    unparseable, missing = found.trial.rejections
    assert (unparseable.reason, unparseable.rows) == ("unparseable time", 5)
    assert [(row.row, row.column, row.value) for row in unparseable.examples] == [
        (3, "time", "day 0"),
        (4, "time", "day 1"),
        (5, "time", "day 2"),
    ]
    assert (missing.reason, missing.rows, missing.examples[0].file) == ("missing user", 1, str(log))
    first = check(str(toml(tmp_path / "mine.toml")), log, rows=2).trial
    assert first is not None
    assert (first.rows, first.events) == (2, 1)


def test_missing_files_and_columns_are_all_named(tmp_path: Path) -> None:
    more = """
[items]
file = "items"
id = "id"
title = ["name", "kind"]
attributes = { colour = "colour" }
"""
    path = toml(tmp_path / "mine.toml", rest=more)
    path.write_text(
        path.read_text(encoding="utf-8").replace('log = "*"', 'log = "log.csv"\nitems = "items.csv"'), encoding="utf-8"
    )
    data = tmp_path / "data"
    data.mkdir()
    csv(data / "log.csv", "who,i,t", "u,i,2024-05-01")
    (problem,) = check(str(path), data).problems
    assert problem.key == "files"
    assert "has no file items.csv" in problem.message
    csv(data / "items.csv", "id,name", "i,Tea")
    found = check(str(path), data)
    assert [problem.key for problem in found.problems] == ["events.user", "items.attributes.colour", "items.title"]
    assert "has no column u" in found.problems[0].message
    assert "its columns: who, i, t" in found.problems[0].message
    assert found.trial is None


def test_a_log_without_any_event_is_a_problem(tmp_path: Path) -> None:
    found = check(str(toml(tmp_path / "mine.toml")), csv(tmp_path / "log.csv", "u,i,t", "u,i,never"))
    assert found.problems == (Problem("events", "none of the first 1 rows is an event"),)


def test_columns_that_are_joined_count(tmp_path: Path) -> None:
    data = tmp_path / "instacart"
    data.mkdir()
    csv(data / "order_products__train.csv", "order_id,product_id,add_to_cart_order,reordered", "1,9,1,0")
    head = "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order"
    csv(data / "orders.csv", head, "1,7,train,1,2,8,")
    csv(data / "products.csv", "product_id,product_name,aisle_id,department_id", "9,Soda,3,4")
    csv(data / "aisles.csv", "aisle_id,aisle", "3,drinks")
    found = check("instacart", data)
    assert [problem.key for problem in found.problems] == ["files"]
    csv(data / "departments.csv", "department_id,department", "4,beverages")
    found = check("instacart", data)
    assert found.problems == ()
    assert found.trial is not None
    assert found.trial.events == 1


def test_the_command_prints_problems_one_a_line(ig: Run, tmp_path: Path) -> None:
    path = toml(tmp_path / "mine.toml", events='behaviour = "VIEWED"')
    path.write_text(path.read_text(encoding="utf-8").replace("half_life", "half_live"), encoding="utf-8")
    output = ig("loaders", "check", str(path))
    assert output.code == 1
    assert output.out.splitlines() == [
        "behaviours.PURCHASED.half_life: is missing",
        "behaviours.PURCHASED.half_live: there is no such key; did you mean half_life?",
    ]
    report = json.loads(ig("loaders", "check", str(path), "--json").out)
    assert report["problems"][0] == {"key": "behaviours.PURCHASED.half_life", "message": "is missing"}


def test_the_command_tries_the_log(ig: Run, tmp_path: Path) -> None:
    log = csv(tmp_path / "log.csv", "u,i,t", "u,i,2024-05-01", ",i,2024-05-01")
    path = str(toml(tmp_path / "mine.toml"))
    output = ig("loaders", "check", path, "--data", str(log))
    assert output.code == 0, output.err
    assert "loader mine: 1 of the first 2 rows are events" in output.out
    lines = [line.split() for line in output.out.splitlines()]
    assert ["rejected:", "missing", "user", "1"] in lines
    assert ["missing", "user", "(1)", str(log), "2", "user"] in lines
    alone = ig("loaders", "check", path)
    assert (alone.code, alone.out) == (0, f"{path}: the specification is in order\n")
    assert "--data PATH" in alone.err
    assert "no such file or folder: none.csv" in ig("loaders", "check", path, "--data", "none.csv").err
    assert ig("loaders", "check", "none.toml").err == "error: no loader file none.toml\n"
