"""A split that `interestgraph split` wrote, as the window and the truth of an evaluation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from interestgraph.errors import DataError, StateError
from interestgraph.evaluate.log import Log, to_log
from interestgraph.ingest.read import workspace
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.ingest.split import MANIFEST


@dataclass(frozen=True)
class Window:
    """When to learn and when to test, UTC."""

    learn_until: datetime
    """Events before this moment are learnt from."""
    since: datetime
    """The test window begins; what lies between the two is validation, which is left alone."""
    until: datetime
    """The test window ends before this moment."""


def split_window(folder: Path, loader: str, data: Path | None) -> Window:
    """The window of a split, after checks that it is a split of this log by this loader, and unchanged.

    Raises:
        DataError: the folder holds no split, or its files were changed.
        StateError: it was made of another log, or by another specification, or is not leak-free.
    """
    manifest = _manifest(folder)
    if not manifest["leak_free"]:
        raise StateError(f"{folder} leaves out the last events of each user, which is not leak-free: split with --cut")
    spec = load_spec(loader)
    if manifest["specification"] != spec.model_dump(mode="json"):
        raise StateError(f"{folder} was split by loader {manifest['loader']} or another version of it: split again")
    paths = {path for found in find_files(spec, data).values() for path in found}
    if {_sha256(path) for path in paths} != {source["sha256"] for source in manifest["sources"]}:
        raise StateError(f"{folder} was split from other files than these: split again")
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != digest:
            raise DataError(f"{folder / name} is not the file that was written: split again")
    since = datetime.fromisoformat(manifest["cut"])
    begin = manifest["validation_cut"]
    last = datetime.fromisoformat(manifest["parts"][-1]["last_event_at"])
    return Window(datetime.fromisoformat(begin) if begin else since, since, last + timedelta(milliseconds=1))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder} holds no split ({MANIFEST}): make one with `interestgraph split`") from error
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def split_events(folder: Path, primary: tuple[str, ...]) -> Log:
    """The test events, with the ids of the log."""
    with workspace() as backend:
        events = backend.read_parquet(folder / "test.parquet")
        for key in ("user", "item"):
            ids = backend.read_parquet(folder / f"{key}s.parquet")
            events = events.join(ids.select(**{key: ids.code, f"_{key}": ids.id}), key).drop(key)
        return to_log(events.rename(user="_user", item="_item"), primary)
