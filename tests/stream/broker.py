"""A real Kafka broker: Apache Kafka from Maven Central, one node, on the machine's Java."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import jgo
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from interestgraph.neo4j.java import Java

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
HOST = "127.0.0.1"


class Broker:
    """The broker's process; it keeps its data and ports when it is restarted."""

    def __init__(self, java: Java, folder: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            jars = list(pool.map(lambda artifact: str(artifact.resolve()), jgo.resolve(KAFKA)))
        flags = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", ":".join(jars)]
        self._java = [str(java.executable), *flags]
        self._folder = folder
        self._properties = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        port, controller = _free_ports(2)
        self.servers = f"{HOST}:{port}"
        lines = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"PLAINTEXT://{self.servers},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.servers}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": folder / "data",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "auto.create.topics.enable": "false",
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        identifier = "4L6g3nShT-eMCtK--X86sw"
        arguments = ["kafka.tools.StorageTool", "format", "-t", identifier, "-c", str(self._properties)]
        subprocess.run([*self._java, *arguments], check=True, capture_output=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self._folder / "kafka.log").open("ab")
        self._process = subprocess.Popen(
            [*self._java, "kafka.Kafka", str(self._properties)], stdout=log, stderr=log, cwd=self._folder
        )
        log.close()
        deadline = time.monotonic() + 60
        while not _answers(self.servers):
            assert self._process.poll() is None, (self._folder / "kafka.log").read_text()
            assert time.monotonic() < deadline, "Kafka did not start within a minute"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a crash would; what it acknowledged is kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @cached_property
    def admin(self) -> AdminClient:
        """A client that can change topics."""
        return AdminClient({"bootstrap.servers": self.servers, "log_level": 0})

    def create(self, topic: str, partitions: int = 1) -> str:
        """Make a topic; returns its address."""
        self.admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(30)
        return f"kafka://{self.servers}/{topic}"

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        self.admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(30)

    def send(self, topic: str, messages: Iterable[Mapping[str, Any] | bytes], partition: int | None = None) -> None:
        """Send messages, round the partitions by their number, and wait until the broker has them."""
        producer = Producer({"bootstrap.servers": self.servers, "log_level": 0, "linger.ms": 5})
        failed: list[Any] = []

        def delivered(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error)

        # Of a topic that was just made, partitions are known a moment later.
        deadline = time.monotonic() + 30
        while not (known := len(producer.list_topics(topic, 30).topics[topic].partitions)):
            assert time.monotonic() < deadline, f"no partitions of {topic}"
            time.sleep(0.02)
        for number, message in enumerate(messages):
            value = message if isinstance(message, bytes) else json.dumps(message).encode()
            place = number % known if partition is None else partition
            producer.produce(topic, value, partition=place, on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(60) == 0
        assert not failed


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _answers(servers: str) -> bool:
    try:
        AdminClient({"bootstrap.servers": servers, "log_level": 0}).list_topics(timeout=1)
    except KafkaException:
        return False
    return True
