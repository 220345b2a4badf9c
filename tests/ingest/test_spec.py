"""Loader specifications: those that ship, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from interestgraph.errors import DataError, LoaderError
from interestgraph.ingest.spec import LoaderSpec, find_files, load_spec, loader_names
from interestgraph.model import BEHAVIOURS
from tests.ingest.bench import csv, toml


@pytest.mark.parametrize("name", loader_names())
def test_shipped_loaders_parse(name: str) -> None:
    spec = load_spec(name)
    assert spec.name == name
    assert spec.title
    assert spec.licence
    assert set(spec.behaviours) <= set(BEHAVIOURS)
    assert len(spec.primary) == 1


def test_both_loaders_of_the_first_issue_ship() -> None:
    assert {"complete_journey", "events"} <= set(loader_names())


def test_a_path_to_an_own_file_works(tmp_path: Path) -> None:
    spec = load_spec(str(toml(tmp_path / "mine.toml")))
    assert spec.name == "mine"
    assert spec.behaviours["PURCHASED"].half_life == 10
    assert spec.behaviours["PURCHASED"].strength == 1


def test_the_strongest_behaviour_is_primary_when_none_is_marked(tmp_path: Path) -> None:
    behaviours = """
[behaviours.VIEWED]
strength = 0.1
half_life = 5
[behaviours.CARTED]
strength = 0.5
half_life = 5
"""
    path = toml(tmp_path / "mine.toml", events='behaviour = "VIEWED"', behaviours=behaviours)
    assert load_spec(str(path)).primary == ("CARTED",)


@pytest.mark.parametrize("name", ["nothing", "../events", "EVENTS", ""])
def test_an_unknown_loader_lists_those_there_are(name: str) -> None:
    with pytest.raises(LoaderError, match=r"no loader .*complete_journey, events.*\.toml"):
        load_spec(name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoaderError, match=r"no loader file .*gone\.toml"):
        load_spec(str(tmp_path / "gone.toml"))


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[events]\n[events]\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(LoaderError, match=r"broken\.toml: not a TOML file"):
        load_spec(str(path))


COLUMN = 'behaviour_column = "b"'
CLOCK = '[clock]\nfile = "log"\nuser = "u"\norder = "n"\ndays = "d"\n'


@pytest.mark.parametrize(
    ("events", "behaviours", "rest", "message"),
    [
        pytest.param("", "", "[extra]", "extra: Extra inputs are not permitted", id="unknown table"),
        pytest.param('behaviour = "PURCHASED"\ncolour = "x"', "", "", "events.colour: Extra", id="unknown key"),
        pytest.param("", "[behaviours.PURCHASED]", "", "behaviours.PURCHASED.half_life: Field required", id="no h"),
        pytest.param(
            "", "[behaviours.PURCHASED]\nhalf_life = 0", "", "behaviours.PURCHASED.half_life: Input", id="zero h"
        ),
        pytest.param(
            "", "[behaviours.PURCHASED]\nhalf_life = inf", "", "behaviours.PURCHASED.half_life: Input", id="inf h"
        ),
        pytest.param(
            "",
            "[behaviours.PURCHASED]\nhalf_life = 1\nstrength = -1",
            "",
            "behaviours.PURCHASED.strength: must not be 0, nor negative",
            id="negative strength",
        ),
        pytest.param(
            COLUMN,
            "[behaviours.EATEN]\nhalf_life = 1",
            "",
            "behaviours: EATEN is not one of VIEWED",
            id="unknown behaviour",
        ),
        pytest.param(COLUMN, "[behaviours]", "", "behaviours: there is no", id="no behaviours"),
        pytest.param(
            COLUMN,
            '[behaviours.VIEWED]\nvalues = ["pv"]\nhalf_life = 1\n[behaviours.CLICKED]\nvalues = "PV"\nhalf_life = 1',
            "",
            "behaviours: pv means more than one",
            id="a value of two behaviours",
        ),
        pytest.param(
            'behaviour = "VIEWED"', "", "", "events.behaviour VIEWED has no [behaviours", id="behaviour without a table"
        ),
        pytest.param(f'{COLUMN}\nbehaviour = "PURCHASED"', "", "", "events: give either behaviour or", id="both"),
        pytest.param('quantity = "q"', "", "", "events: give either behaviour or", id="neither"),
        pytest.param(
            'behaviour = "PURCHASED"\nvalue_meaning = "mood"', "", "", "events.value_meaning: Input", id="value meaning"
        ),
        pytest.param("", "", '[items]\nfile = "shelf"\nid = "i"', "file shelf is not listed under [files]", id="file"),
        pytest.param("", "", '[items]\nfile = "log"\nid = []', "items.id: ", id="no id column"),
        pytest.param(
            "",
            "",
            '[items]\nfile = "log"\nid = "i"\nattributes = { trend = "v" }',
            "items: attributes.trend: interestgraph itself uses",
            id="reserved attribute",
        ),
        pytest.param(
            "",
            "",
            '[users]\nfile = "log"\nid = "u"\nattributes = { "a:b" = "v" }',
            "users.attributes.a:b",
            id="attribute name",
        ),
        pytest.param(
            "", "", '[received]\nfile = "log"\ncampaign = "v"', "received.user: names no column", id="link without end"
        ),
        pytest.param(
            "", "", '[promotes]\nfile = "log"\ncampaign = "v"\nuser = "u"', "promotes.item: names", id="wrong end"
        ),
        pytest.param(
            'behaviour = "PURCHASED"\nvalue = "v"\nunit_price = "p"',
            "",
            "",
            "events: give either value or unit_price",
            id="two values",
        ),
        pytest.param(
            'behaviour = "PURCHASED"\nnegative_quantity = "RETURNED"',
            "",
            "",
            "events.negative_quantity RETURNED has no [behaviours",
            id="returns without a table",
        ),
        pytest.param('behaviour = "PURCHASED"\nkey = 7', "", "", "events.key: Input", id="key"),
        pytest.param("", "", f"{CLOCK}first = 2020-01-01\nlast = 2020-01-01", "clock: give either", id="two anchors"),
        pytest.param("", "", CLOCK, "clock: give either first or last", id="no anchor"),
        pytest.param(
            "", "", f"{CLOCK}first = 2020-01-01".replace("log", "orders"), "file orders is not listed", id="clock file"
        ),
        pytest.param(
            "", "", '[[joins]]\nfile = "log"\nlookup = "shelf"\non = "i"', "file shelf is not listed", id="lookup"
        ),
        pytest.param(
            "",
            "",
            '[[joins]]\nfile = "log"\nlookup = "log"\non = "i"\nlookup_on = ["a", "b"]',
            "joins.0: lookup_on must name as many columns as on",
            id="uneven join",
        ),
        pytest.param(
            "",
            "",
            '[long.facts]\nid = "i"\nproperty = "p"\nvalue = "v"\ncolumns = ["x"]',
            "long.facts is not listed under [files]",
            id="long file",
        ),
        pytest.param(
            "",
            "",
            '[long.log]\nid = "i"\nproperty = "p"\nvalue = "v"\ncolumns = []',
            "long.log.columns",
            id="no columns",
        ),
        pytest.param(
            "",
            "",
            '[items]\nfile = "log"\nid = "i"\ncategory_tree = { file = "log", id = "c", parent = "p" }',
            "items: category_tree needs category_path",
            id="tree without ids",
        ),
        pytest.param(
            "",
            "",
            '[items]\nfile = "log"\nid = "i"\nattributes = { discontinued = "v" }',
            "items: attributes.discontinued: interestgraph itself uses",
            id="discontinued is reserved",
        ),
    ],
)
def test_every_error_names_the_file_and_the_field(
    tmp_path: Path, events: str, behaviours: str, rest: str, message: str
) -> None:
    path = toml(tmp_path / "wrong.toml", events=events, behaviours=behaviours, rest=rest)
    with pytest.raises(LoaderError) as caught:
        load_spec(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["user", "item", "file"])
def test_a_missing_column_key_is_named(tmp_path: Path, key: str) -> None:
    path = toml(tmp_path / "wrong.toml")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(f"{key} = ")))
    with pytest.raises(LoaderError, match=rf"wrong\.toml: events\.{key}: Field required"):
        load_spec(str(path))


@pytest.fixture
def own(tmp_path: Path) -> LoaderSpec:
    """A specification that reads any files of a folder."""
    return load_spec(str(toml(tmp_path / "mine.toml")))


def test_one_file_or_all_readable_files_of_a_folder_are_found_in_order(own: LoaderSpec, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("b.csv", "a.parquet", "c.jsonl.gz", "notes.txt", "README"):
        csv(folder / name, "x")
    (folder / "d.csv").mkdir()
    names = [path.name for path in find_files(own, folder)["log"]]
    assert names == ["a.parquet", "b.csv", "c.jsonl.gz"]
    assert find_files(own, folder / "b.csv") == {"log": [folder / "b.csv"]}


def test_a_missing_path_is_named(own: LoaderSpec, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file or folder: .*nowhere\.csv"):
        find_files(own, tmp_path / "nowhere.csv")


def test_a_folder_without_logs_is_named_with_the_pattern(own: LoaderSpec, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty has no file \*, which loader mine needs \(\[files\] log\)"):
        find_files(own, tmp_path / "empty")


def test_a_file_of_another_kind_is_refused_by_its_ending(own: LoaderSpec, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"log\.xlsx is no log .*\.csv"):
        find_files(own, csv(tmp_path / "log.xlsx", "x"))


def test_without_data_the_option_is_named(own: LoaderSpec) -> None:
    with pytest.raises(DataError, match="loader mine needs --data PATH"):
        find_files(own, None)


def test_a_loader_of_several_files_wants_their_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"complete_journey reads 7 files: give their folder, not .*t\.parquet"):
        find_files(load_spec("complete_journey"), csv(tmp_path / "t.parquet", "x"))


def test_a_package_that_is_not_installed_comes_with_the_command(tmp_path: Path) -> None:
    path = toml(tmp_path / "mine.toml", rest='[package]\nmodule = "no_such_package_here"\ninstall = "shop-data"')
    with pytest.raises(DataError, match=r"loader mine is not installed: `pip install 'shop-data'`, or --data PATH"):
        find_files(load_spec(str(path)), None)
