"""Write docs/cli.md from the commands' own --help; `--check` says whether it is up to date."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

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
    call = [sys.executable, "-m", "interestgraph", *command.split(), "--help"]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    return subprocess.run(call, check=True, capture_output=True, text=True, env=environment).stdout.strip()


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
