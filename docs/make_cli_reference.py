"""Write docs/cli.md from the commands' own --help; `--check` says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from interestgraph.cli.app import app

TARGET = Path(__file__).with_name("cli.md")


def commands(group: Any, *before: str) -> Iterator[str]:
    """All commands, in the order of --help; those of a group with its name before them."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name))


def help_of(command: str) -> str:
    """What --help prints, at a fixed width."""
    asked = [*command.split(), "--help"]
    made = CliRunner().invoke(app, asked, prog_name="interestgraph", terminal_width=78, catch_exceptions=False)
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def reference() -> str:
    """The whole page."""
    parts = ["# Commands\n\nWritten by `make docs` from the commands' `--help`. `ig` is short for `interestgraph`."]
    parts += [f"## interestgraph\n\n```text\n{help_of('')}\n```"]
    parts += [f"## {command}\n\n```text\n{help_of(command)}\n```" for command in commands(get_command(app))]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else "docs/cli.md is out of date: run `make docs`")
    TARGET.write_text(text, encoding="utf-8")
