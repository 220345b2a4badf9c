"""``python -m benchmarks [NAME ...]``: run all benchmarks, or those named."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "load",
    "scale",
    "serving",
    "growth",
    "stream",
    "vectors",
    "embedding",
    "queries",
    "communities",
    "reshape",
    "quality",
)

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"error: no benchmark {name}: there are {', '.join(NAMES)}")
    importlib.import_module(f"benchmarks.{name}").main()
