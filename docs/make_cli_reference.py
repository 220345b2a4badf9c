"""Write docs/cli.md from the commands' own --help; `--check` says whether it is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMANDS = (
    "demo", "db start", "db stop", "db status", "db reset", "db logs", "db path", "doctor", "status", "loaders list",
    "loaders show", "loaders check", "loaders guess", "load", "unload", "compact", "record", "stream", "split",
    "enrich", "communities compare", "reshape", "embed", "walks export", "recommend", "similar", "similar-users",
    "profile", "explain", "trending",
    "evaluate", "query list", "query show", "query run", "report", "portrait", "browser",
)  # fmt: skip
TARGET = Path(__file__).with_name("cli.md")


def help_of(command: str) -> str:
    """What --help prints, at a fixed width."""
    call = [sys.executable, "-m", "interestgraph", *command.split(), "--help"]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    return subprocess.run(call, check=True, capture_output=True, text=True, env=environment).stdout.strip()


def reference() -> str:
    """The whole page."""
    parts = ["# Commands\n\nWritten by `make docs` from the commands' `--help`. `ig` is short for `interestgraph`."]
    parts += [f"## interestgraph\n\n```text\n{help_of('')}\n```"]
    parts += [f"## {command}\n\n```text\n{help_of(command)}\n```" for command in COMMANDS]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    text = reference()
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == text else "docs/cli.md is out of date: run `make docs`")
    TARGET.write_text(text, encoding="utf-8")
