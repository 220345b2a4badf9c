"""Put a graph that was built offline in the place of the served one; a kill at any moment loses neither.

Both lie in the home folder, on one file system, so that each move is one rename. The graph before is kept in
``import/old`` until the new one has answered a query; a note there, written before the first move, tells
`restore` what to undo.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from interestgraph.errors import ServerError
from interestgraph.neo4j.ports import write_json

_PARTS = ("databases", "transactions")
_DATABASE = "neo4j"


def staging_folder(home: Path) -> Path:
    """Return the folder in which an offline import builds; its ``data`` is laid out as the server's."""
    return home / "import"


def put_in(home: Path) -> None:
    """Move the graph in the staging folder into place. The server must be stopped."""
    old, note = _old(home), _note(home)
    old.mkdir(parents=True)
    write_json(note, {name: _place(home, name).exists() for name in _PARTS})
    for name in _PARTS:
        place = _place(home, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(old / name)
        (staging_folder(home) / "data" / name / _DATABASE).rename(place)


def is_pending(home: Path) -> bool:
    """Say whether a graph that `put_in` put in place is still to be committed or undone."""
    return _note(home).exists()


def commit(home: Path) -> None:
    """Give up the graph that `put_in` replaced; does nothing when there is none."""
    if is_pending(home):
        _note(home).unlink()
        _clear(home)


def _clear(home: Path) -> None:
    shutil.rmtree(staging_folder(home), ignore_errors=True)


def restore(home: Path) -> bool:
    """Put back the graph that `put_in` replaced, if it was not committed; return whether there was one to.

    Raises:
        ServerError: the files cannot be moved.
    """
    try:
        before = json.loads(_note(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    try:
        for name in _PARTS:
            place, kept = _place(home, name), _old(home) / name
            if kept.exists() or not before[name]:
                shutil.rmtree(place, ignore_errors=True)
            if kept.exists():
                kept.rename(place)
    except OSError as error:
        raise ServerError(f"cannot move the graph in {_old(home)} back to {home / 'data'}: {error}") from error
    commit(home)
    return True


def _place(home: Path, name: str) -> Path:
    return home / "data" / name / _DATABASE


def _old(home: Path) -> Path:
    return staging_folder(home) / "old"


def _note(home: Path) -> Path:
    return _old(home) / "before.json"
