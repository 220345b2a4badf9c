"""The state of a training run in a file, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from interestgraph.model import SECONDS_PER_DAY


@dataclass
class Checkpoint:
    """Where the state is kept, and how often it is written.

    The file holds both matrices of the model: 8 bytes per node and dimension. It is written under a temporary name
    and renamed, so a kill at any moment leaves the state before or the one after.
    """

    path: Path
    """The file; its folder is made."""
    seconds: float = 30.0
    """Time between two writes; a run that is shorter writes nothing."""
    key: str = ""
    """What the walks were made from. A file with another key, or other parameters, is not used, and replaced."""
    resumed_at: int = 0
    """Tokens that were done when this run began; set by training."""
    failure: str = ""
    """Why the state could not be written (a full disk, for one); training goes on without it."""
    _last: float = field(default_factory=time.monotonic)

    def due(self) -> bool:
        """Whether it is time to write."""
        return not self.failure and time.monotonic() - self._last >= self.seconds

    def save(self, mark: str, place: dict[str, Any], arrays: dict[str, NDArray[np.float32]]) -> None:
        """Write the state of a run that `mark` names; what goes wrong is noted in `failure`."""
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                np.savez(file, mark=np.array(f"{self.key} {mark}"), place=np.array(json.dumps(place)), **arrays)  # type: ignore[arg-type]
            temporary.replace(self.path)
        except OSError as error:
            self.failure = str(error)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        self._last = time.monotonic()

    def load(self, mark: str) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]] | None:
        """The state of the run that `mark` names, or None if there is none that can be used."""
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                if str(stored["mark"]) != f"{self.key} {mark}":
                    return None
                arrays = {name: stored[name] for name in stored.files if name not in ("mark", "place")}
                return json.loads(str(stored["place"])), arrays
        except (OSError, ValueError, KeyError, BadZipFile):
            return None

    def done(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def checkpoint_in(folder: Path | None, key: str, days: float = 7.0) -> Checkpoint | None:
    """The checkpoint of a run in a folder; states that nobody came back to for `days` are removed from there."""
    if folder is None:
        return None
    for path in folder.glob("embed-*.npz"):
        if time.time() - path.stat().st_mtime > days * SECONDS_PER_DAY:
            path.unlink(missing_ok=True)
    name = hashlib.sha256(key.encode()).hexdigest()
    return Checkpoint(folder / f"embed-{name[:16]}.npz", key=name)
