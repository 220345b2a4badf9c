"""Writing files so that nothing half-written is ever there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from interestgraph.errors import ConfigurationError


def check_html(file: Path) -> None:
    """Refuse a name that is no HTML file in a folder that is there, before any work.

    Raises:
        ConfigurationError: the suffix is another, or there is no such folder.
    """
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigurationError(f"{file} is no HTML file: give it the suffix .html")
    if not file.parent.is_dir():
        raise ConfigurationError(f"{file} cannot be written: {file.parent} is no folder")


def write_whole(file: Path, text: str) -> int:
    """Write a file beside its place and rename it, so that readers see the old one or the new one; returns its bytes.

    Raises:
        ConfigurationError: it cannot be written; what was there before still is.
    """
    data = text.encode()
    try:
        if file.exists() and not file.is_file():
            # A pipe or /dev/stdout is written to; a rename would put a file in its place.
            file.write_bytes(data)
            return len(data)
        beside, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.resolve().parent)
        try:
            with os.fdopen(beside, "wb") as part:
                part.write(data)
            Path(name).chmod(_mode(file))
            Path(name).replace(file.resolve())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from error
    return len(data)


def _mode(file: Path) -> int:
    """Rights of the file that is there, else those that a new file gets."""
    if file.exists():
        return file.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
