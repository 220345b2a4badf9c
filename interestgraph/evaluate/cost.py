"""Seconds and memory of a piece of work."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import psutil

_EVERY = 0.02


class Meter:
    """Measures a block: ``with Meter() as meter: …``; then `seconds` and `memory_mib`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.memory_mib = 0.0
        """Growth of the process's resident memory at its peak."""
        self._stop = threading.Event()
        self._process = psutil.Process()

    def __enter__(self) -> Meter:
        self._began = time.perf_counter()
        self._before = self._peak = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            self._peak = max(self._peak, self._process.memory_info().rss)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._peak = max(self._peak, self._process.memory_info().rss)
        self.seconds = time.perf_counter() - self._began
        self.memory_mib = (self._peak - self._before) / 2**20
