"""The official image: all stages over Bolt to a container, and the compose file for real.

`docker` tests run where an engine answers and has the image; nothing is pulled.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from interestgraph import InterestGraph

IMAGE = "neo4j:2026.09-community"
COMPOSE = Path(__file__).parents[1] / "docker" / "compose.yml"
PASSWORD = "compose-test-word"


def docker(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the docker command; without one, as if it had failed."""
    if shutil.which("docker") is None:
        return subprocess.CompletedProcess(arguments, 127, "", "no docker command")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "INTERESTGRAPH_"))}
    command = ["docker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**kept, **environment})


def missing() -> str:
    """What keeps the tests from running; empty if nothing does."""
    if docker("version").returncode != 0:
        return "no Docker engine answers"
    if docker("image", "inspect", IMAGE).returncode != 0:
        return f"the image {IMAGE} is not here"
    return ""


REASON = missing()
needs_docker = [pytest.mark.docker, pytest.mark.skipif(bool(REASON), reason=REASON or "it is there")]
needs_compose = pytest.mark.skipif(docker("compose", "version").returncode != 0, reason="no docker compose plugin")


def stages(graph: InterestGraph, log: Path) -> None:
    """Load, enrich, embed and recommend."""
    assert graph.load("events", log).route == "bolt"
    assert graph.enrich().similar.total > 0
    assert graph.embed().items == 18
    found = graph.recommend("tea-fan-1", 5)
    assert found.notes == ()
    assert found[0].category == "Drinks > Tea"
    assert "vector" in {source for row in found for source in row.sources}
    assert graph.similar_users("tea-fan-1", 3)[0].user_id.startswith("tea")
    status = graph.status()
    assert (status.users, status.items, status.edition) == (24, 18, "community")
    assert status.version.startswith("2026.09")


class TestContainer:
    """A container that testcontainers starts."""

    pytestmark = needs_docker

    def test_all_stages_over_bolt(self, shop_log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # newer versions have it below `community` too
            from testcontainers.neo4j import Neo4jContainer
        # Its cleaner is an image of its own, which is not here; the container is removed by `with`.
        monkeypatch.setattr("testcontainers.core.config.testcontainers_config.ryuk_disabled", True)
        with Neo4jContainer(IMAGE, password=PASSWORD) as container:
            uri = container.get_connection_url()
            with InterestGraph(uri, username=container.username, password=PASSWORD) as graph:
                stages(graph, shop_log)


def test_the_compose_file_reads_as_it_should() -> None:
    whole = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert set(whole["services"]) == {"neo4j"}
    service = whole["services"]["neo4j"]
    assert service["image"] == IMAGE
    assert service["environment"]["NEO4J_AUTH"].startswith("neo4j/${NEO4J_PASSWORD:?")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert [port.rsplit(":", 1)[1] for port in service["ports"]] == ["7474", "7687"]
    assert service["volumes"] == ["neo4j-data:/data"]
    assert "neo4j-data" in whole["volumes"]
    assert service["healthcheck"]["test"][:3] == ["CMD", "bash", "-c"]


def compose(*arguments: str, project: str = "interestgraph-test", **environment: str) -> str:
    """Run `docker compose` on the file of this project."""
    done = docker("compose", "-f", str(COMPOSE), "-p", project, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_compose
class TestComposeFile:
    """What compose reads in the file; no engine is needed for it."""

    def service(self, **environment: str) -> dict[str, Any]:
        whole = json.loads(compose("config", "--format", "json", NEO4J_PASSWORD=PASSWORD, **environment))
        assert list(whole["services"]) == ["neo4j"]
        service: dict[str, Any] = whole["services"]["neo4j"]
        assert {volume["source"] for volume in service["volumes"]} == set(whole["volumes"])
        return service

    def test_it_is_the_official_image_on_loopback_with_a_volume(self) -> None:
        service = self.service()
        assert service["image"] == IMAGE
        assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}
        assert {(port["published"], port["target"]) for port in service["ports"]} == {("7474", 7474), ("7687", 7687)}
        assert [(volume["type"], volume["target"]) for volume in service["volumes"]] == [("volume", "/data")]
        assert service["environment"]["NEO4J_AUTH"] == f"neo4j/{PASSWORD}"
        assert service["healthcheck"]["test"][0] == "CMD"
        other = self.service(INTERESTGRAPH_BOLT_PORT="17687", INTERESTGRAPH_HTTP_PORT="17474")
        assert {port["published"] for port in other["ports"]} == {"17474", "17687"}

    def test_it_asks_for_a_password(self) -> None:
        done = docker("compose", "-f", str(COMPOSE), "config")
        assert done.returncode != 0
        assert "NEO4J_PASSWORD" in done.stderr


@needs_compose
class TestComposeUp:
    """The file, brought up."""

    pytestmark = needs_docker

    @pytest.fixture
    def project(self) -> Iterator[str]:
        name = f"interestgraph-test-{uuid.uuid4().hex[:8]}"
        yield name
        compose("down", "--volumes", "--timeout", "5", project=name, NEO4J_PASSWORD=PASSWORD)

    def test_it_becomes_healthy_and_keeps_its_graph(self, project: str, free_port: int, shop_log: Path) -> None:
        # Ports that are free are as good as the defaults, which somebody may use.
        ports = {"INTERESTGRAPH_BOLT_PORT": str(free_port), "INTERESTGRAPH_HTTP_PORT": "0", "NEO4J_PASSWORD": PASSWORD}
        up = ("up", "--detach", "--wait", "--wait-timeout", "180", "--pull", "never")
        compose(*up, project=project, **ports)
        uri = f"bolt://127.0.0.1:{free_port}"
        with InterestGraph(uri, username="neo4j", password=PASSWORD) as graph:
            stages(graph, shop_log)
        compose("down", project=project, **ports)
        compose(*up, project=project, **ports)
        with InterestGraph(uri, username="neo4j", password=PASSWORD) as graph:
            assert graph.status().users == 24
            assert graph.recommend("tea-fan-1", 3).notes == ()
