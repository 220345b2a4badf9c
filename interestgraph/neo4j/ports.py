"""Ports of the private server: chosen once, remembered, and given up only when another program has them."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from interestgraph.errors import PortError
from interestgraph.settings import Settings

HOST = "127.0.0.1"
# Below the ranges from which Linux (32768 up) and macOS (49152 up) take ports of outgoing connections.
_RANGE = range(20000, 32000)
_CLEARED_SECONDS = 2.0

Progress = Callable[[str], None]


def choose_ports(settings: Settings, tell: Progress) -> tuple[int, int]:
    """Return the ports for Bolt and HTTP, and remember them in the home folder.

    Args:
        settings: its `bolt_port` and `http_port`, when given, are taken or refused.
        tell: called with a line of text when a remembered port had to be given up.

    Raises:
        PortError: a port that was asked for is in use.
    """
    memory = settings.home / "ports.json"
    try:
        remembered = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        remembered = {}
    bolt = _choose("bolt", settings.bolt_port, remembered.get("bolt"), settings.http_port, tell)
    http = _choose("http", settings.http_port, remembered.get("http"), bolt, tell)
    write_json(memory, {"bolt": bolt, "http": http})
    return bolt, http


def _choose(name: str, asked: int | None, remembered: int | None, other: int | None, tell: Progress) -> int:
    if asked is not None:
        if asked == other or not _becomes_free(asked):
            raise PortError(
                f"port {asked} ({name}) is in use: set INTERESTGRAPH_{name.upper()}_PORT to another one, or"
                " leave it out to get a free one"
            )
        return asked
    if remembered is not None and remembered != other and _becomes_free(remembered):
        return remembered
    port = _free_port(other)
    if remembered is not None:
        tell(f"port {remembered} ({name}) is in use by another program, taking {port}")
    return port


def _becomes_free(port: int) -> bool:
    """Say whether a port is free, or soon: a server that was killed holds it until the system has cleared it away."""
    deadline = time.monotonic() + _CLEARED_SECONDS
    while not port_is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _free_port(other: int | None) -> int:
    for _ in range(200):
        port = _RANGE.start + secrets.randbelow(len(_RANGE))
        if port != other and port_is_free(port):
            return port
    raise PortError(f"found no free port between {_RANGE.start} and {_RANGE.stop - 1}")


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on `port` of this machine's loopback address."""
    with socket.socket() as probe:
        # As the server itself does: a port whose last connections are only timing out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def port_answers(port: int) -> bool:
    """Say whether something listens on `port` of this machine's loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def write_json(path: Path, value: Mapping[str, float]) -> None:
    """Write `value` to `path` so that no reader sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(dict(value)), encoding="utf-8")
    part.replace(path)
