"""Where messages come from: what every source can do, and which one an address names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from interestgraph.errors import ConfigurationError

Say = Callable[[str], None]
"""Told one line of text that people should know."""

Offsets = dict[int, int]
"""Partition -> offset of the next message to apply; a file is one partition, 0, and counts bytes."""

FORMS = "jsonl:FILE, jsonl:- (standard input) or kafka://HOST:PORT[,HOST:PORT]/TOPIC"
"""How sources are written."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was sent."""

    text: bytes
    partition: int
    offset: int
    following: int
    """Offset of what comes after it."""


class Source(Protocol):
    """A sequence of messages that can be read on from any offset."""

    name: str
    """The stream's id, where none is given."""
    unit: str
    """What `behind` counts."""

    def start(self, offsets: Mapping[int, int], mark: str) -> None:
        """Go to a position.

        Args:
            offsets: of partitions that were read before; the others begin at the earliest message.
            mark: `mark` when that was.

        Raises:
            DataError: there is no such source, or it is not the one that was read before.
        """

    def poll(self, limit: int, seconds: float) -> list[Message]:
        """Up to `limit` messages that are there; waits up to `seconds` for some.

        Raises:
            DataError: messages that were not read yet are gone.
        """

    def rest(self) -> list[Message]:
        """What is left at the end of a source that is not waited for any longer: a line without a line break."""

    @property
    def mark(self) -> str:
        """Tells this source from another one of the same name."""

    @property
    def at_end(self) -> bool:
        """Whether everything was read when last looked."""

    @property
    def closed(self) -> bool:
        """Whether nothing more can come."""

    @property
    def behind(self) -> int | None:
        """How much is there that was not read yet; None: unknown."""

    def close(self) -> None:
        """Let it go."""


def open_source(address: str, options: Mapping[str, str], say: Say) -> Source:
    """The source that an address names; nothing is read yet.

    Args:
        address: see `FORMS`.
        options: further settings of the Kafka consumer.
        say: told about broken connections and new partitions.

    Raises:
        ConfigurationError: the address has none of these forms, or `confluent-kafka` is not installed.
    """
    from interestgraph.stream.jsonl import FileSource, PipeSource

    if options and not address.startswith("kafka:"):
        raise ConfigurationError(f"{address} takes no Kafka settings")
    if address == "jsonl:-":
        return PipeSource()
    if address.startswith("jsonl:") and len(address) > len("jsonl:"):
        return FileSource(Path(address.removeprefix("jsonl:")))
    if found := re.fullmatch(r"kafka://([^/\s]+)/([\w.-]+)", address):
        from interestgraph.stream.kafka import KafkaSource

        return KafkaSource(found[1], found[2], options, say)
    raise ConfigurationError(f"no source {address!r}: one is written {FORMS}")
