"""Where settings come from, which of them wins, and what a wrong one says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interestgraph.errors import ConfigurationError
from interestgraph.settings import load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those of the test."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("NEO4J_", "INTERESTGRAPH_")):
            monkeypatch.delenv(name)


def write_env(*lines: str) -> None:
    Path(".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_without_any_setting_the_private_server_is_meant() -> None:
    settings = load_settings()
    assert settings.neo4j_uri is None
    assert settings.neo4j_password is None
    assert (settings.neo4j_username, settings.neo4j_database) == ("neo4j", "neo4j")
    assert (settings.bolt_port, settings.http_port) == (None, None)
    assert settings.home.is_absolute()
    assert settings.home.name == settings.cache.name == "interestgraph"
    assert settings.home != settings.cache


@pytest.mark.parametrize("name", ["HOME", "CACHE", "home", "cache", "BOLT_PORT", "HTTP_PORT", "DATABASE"])
def test_variables_of_others_mean_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = load_settings()
    assert expected.home != tmp_path
    if name != "HOME":
        monkeypatch.setenv(name, "12345")
    assert load_settings() == expected


def test_options_win_over_the_environment_which_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env("NEO4J_URI=bolt://file:1", "NEO4J_USERNAME=file", "NEO4J_DATABASE=file", "NEO4J_PASSWORD=from-file")
    monkeypatch.setenv("NEO4J_URI", "bolt://environment:1")
    monkeypatch.setenv("NEO4J_USERNAME", "environment")
    settings = load_settings(neo4j_uri="bolt://option:1", neo4j_username=None)
    assert settings.neo4j_uri == "bolt://option:1"
    assert settings.neo4j_username == "environment"
    assert settings.neo4j_database == "file"
    assert settings.neo4j_password is not None
    assert settings.neo4j_password.get_secret_value() == "from-file"


def test_a_file_may_hold_other_settings_too() -> None:
    write_env("# of another program", "OTHER_SETTING=1", "INTERESTGRAPH_BOLT_PORT=7777", 'NEO4J_PASSWORD="with # sign"')
    settings = load_settings()
    assert settings.bolt_port == 7777
    assert settings.neo4j_password is not None
    assert settings.neo4j_password.get_secret_value() == "with # sign"


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env("NEO4J_URI=", "INTERESTGRAPH_HTTP_PORT=")
    monkeypatch.setenv("NEO4J_USERNAME", "")
    monkeypatch.setenv("INTERESTGRAPH_HOME", "")
    settings = load_settings()
    assert settings.neo4j_uri is None
    assert settings.neo4j_username == "neo4j"
    assert settings.http_port is None
    assert settings.home == load_settings().home != Path.cwd()


def test_folders_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERESTGRAPH_HOME", "graph")
    monkeypatch.setenv("INTERESTGRAPH_CACHE", "~/jars")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    settings = load_settings()
    assert settings.home == tmp_path / "graph"
    assert settings.cache == tmp_path / "me" / "jars"
    assert load_settings(home=Path("other")).home == tmp_path / "other"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERESTGRAPH_BOLT_PORT", "seven"),
        ("INTERESTGRAPH_BOLT_PORT", "0"),
        ("INTERESTGRAPH_HTTP_PORT", "65536"),
        ("INTERESTGRAPH_JAVA_OPTIONS", '-Dname="two words'),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_wrong_value_names_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str, place: str) -> None:
    if place == "file":
        write_env(f"{name}={value}")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"^setting {name}: .*'{value}'") as error:
        load_settings()
    assert "\n" not in str(error.value)


def test_a_wrong_option_names_its_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"^setting INTERESTGRAPH_BOLT_PORT: .*70000"):
        load_settings(bolt_port=70000)


@pytest.mark.parametrize("given", ["option", "environment", "file"])
def test_the_password_shows_nowhere(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    if given == "environment":
        monkeypatch.setenv("NEO4J_PASSWORD", "s3cret-word")
    elif given == "file":
        write_env("NEO4J_PASSWORD=s3cret-word")
    settings = load_settings(neo4j_password="s3cret-word" if given == "option" else None)
    assert settings.neo4j_password is not None
    assert settings.neo4j_password.get_secret_value() == "s3cret-word"
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.neo4j_password}"):
        assert "s3cret" not in shown
    with pytest.raises(ConfigurationError) as error:
        load_settings(neo4j_password="s3cret-word", bolt_port="x")
    assert "s3cret" not in str(error.value)
