"""Ports that are remembered."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from interestgraph.neo4j.ports import HOST, choose_ports
from interestgraph.settings import load_settings


@pytest.mark.parametrize("asked", [False, True])
def test_a_port_that_is_just_being_cleared_away_is_waited_for(tmp_path: Path, asked: bool) -> None:
    settings, said = load_settings(home=tmp_path), list[str]()
    ports = choose_ports(settings, said.append)
    if asked:
        settings = settings.model_copy(update={"bolt_port": ports[0]})
    with socket.socket() as held:
        held.bind((HOST, ports[0]))
        held.listen()
        clearing = threading.Timer(0.3, held.close)
        clearing.start()
        assert choose_ports(settings, said.append) == ports
        clearing.join()
    assert said == []


def test_a_port_that_another_program_keeps_is_given_up(tmp_path: Path) -> None:
    settings, said = load_settings(home=tmp_path), list[str]()
    bolt, http = choose_ports(settings, said.append)
    with socket.socket() as held:
        held.bind((HOST, bolt))
        held.listen()
        other, same = choose_ports(settings, said.append)
    assert (other != bolt, same) == (True, http)
    assert said == [f"port {bolt} (bolt) is in use by another program, taking {other}"]
