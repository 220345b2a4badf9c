"""``python -m benchmarks.embedding``: the tables one by one, or on a graph of yours."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.embedding.compare import GRAPHS, compare
from benchmarks.embedding.scaling import scaling

parser = argparse.ArgumentParser(prog="python -m benchmarks.embedding", description=__doc__)
kinds = parser.add_subparsers(dest="kind", required=True)
comparing = kinds.add_parser("compare", help="against other programs")
comparing.add_argument("--only", action="append", choices=list(GRAPHS), help="this graph; may be repeated")
comparing.add_argument("--edges", type=Path, help="a file of yours instead: node node [weight] a line, or .mat")
comparing.add_argument("--labels", type=Path, help="its labels: node label [label ...] a line")
comparing.add_argument("--peer", action="append", help="this program; may be repeated; default: all")
comparing.add_argument("--seeds", type=int, default=3)
comparing.add_argument("--p", type=float)
comparing.add_argument("--q", type=float)
comparing.add_argument("--walks-per-node", type=int)
comparing.add_argument("--publish", action="store_true", help="write the table to docs/benchmarks.md")
growing = kinds.add_parser("scaling", help="time and memory from 1e5 edges on")
growing.add_argument("--edges-max", type=float, default=1e7, help="up to this many edges are trained on")
growing.add_argument("--walks-max", type=float, default=1e8, help="up to this many are walked on")
growing.add_argument("--publish", action="store_true", help="write the table to docs/benchmarks.md")
given = parser.parse_args()
if given.kind == "compare":
    changed = {name: getattr(given, name) for name in ("p", "q", "walks_per_node") if getattr(given, name) is not None}
    compare(given.only, given.edges, given.labels, given.peer, given.seeds, given.publish, **changed)
else:
    scaling(int(given.edges_max), int(given.walks_max), given.publish)
