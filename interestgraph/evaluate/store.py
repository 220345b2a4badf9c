"""Reports kept in the graph, so that the same evaluation is not made twice."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

from interestgraph import __version__
from interestgraph.evaluate.config import EvaluateConfig
from interestgraph.evaluate.report import EvaluateReport
from interestgraph.ingest.books import files_hash
from interestgraph.ingest.spec import find_files, load_spec
from interestgraph.neo4j.connection import Database

FORM = 2
"""Form of the report; one of another form is not read."""


def report_key(config: EvaluateConfig) -> str:
    """A hash of the log's files, its loader, the parameters and this version of the package."""
    spec = load_spec(config.loader)
    content = files_hash(find_files(spec, config.data))
    parts = (content, spec.model_dump_json(), repr(asdict(config)), __version__, str(FORM))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find_report(database: Database, key: str) -> EvaluateReport | None:
    """The report kept under `key`, if there is one."""
    rows = database.read("evaluate/find_report", key=key)
    return EvaluateReport.from_json(rows[0]["report"]) if rows else None


def keep_report(database: Database, key: str, report: EvaluateReport) -> None:
    """Keep a report."""
    database.write("evaluate/put_report", key=key, report=report.to_json())
