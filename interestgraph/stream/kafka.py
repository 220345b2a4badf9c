"""Messages of a Kafka topic. The position is the graph's: no consumer group, no offsets committed to the broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from interestgraph.errors import ConfigurationError, DataError
from interestgraph.stream.source import Message, Say

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError
    from confluent_kafka import Message as Received

_ANSWER_SECONDS = 20.0
_REFRESH_SECONDS = 5.0
"""How often new partitions are looked for."""

# What librdkafka logs is told in the stream's own words; without a handler Python would print it on stderr.
_log = logging.getLogger("interestgraph.stream.kafka")
_log.addHandler(logging.NullHandler())

_TUNED: dict[str, Any] = {
    # Back-pressure: what is fetched ahead while Neo4j writes is bounded.
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 100,
    "reconnect.backoff.max.ms": 2_000,
}
_FIXED: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    # There is no group that this consumer could be thrown out of while Neo4j is away.
    "max.poll.interval.ms": 86_400_000,
}


class KafkaSource:
    """All partitions of a topic; new ones are found while it runs.

    Args:
        servers: ``host:port,host:port``.
        topic: name of the topic.
        options: further settings of the consumer (librdkafka's), such as ``security.protocol``.
        say: told about broken connections and new partitions.

    Raises:
        ConfigurationError: `confluent-kafka` is not installed.
    """

    unit = "messages"
    closed = False

    def __init__(self, servers: str, topic: str, options: Mapping[str, str], say: Say) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise ConfigurationError("kafka:// needs confluent-kafka: `pip install 'interestgraph[kafka]'`") from error
        # The topic's name only: the same brokers may be listed in many ways, and `mark` tells clusters apart.
        self.name = f"kafka:{topic}"
        self.mark = ""
        self._kafka: Any = confluent_kafka
        self._servers, self._topic, self._options, self._say = servers, topic, options, say
        self._offsets: dict[int, int] = {}
        self._partitions: set[int] = set()
        self._ended: set[int] = set()
        self._refresh: Future[Any] | None = None
        self._refreshed_at = 0.0
        self._trouble = ""
        self._failed: DataError | None = None
        self._consumer: Consumer | None = None

    def start(self, offsets: Mapping[int, int], mark: str) -> None:
        """Connect, and assign every partition from its offset."""
        common: dict[str, Any] = {"bootstrap.servers": self._servers, **self._options, "error_cb": self._on_error}
        try:
            self._consumer = self._kafka.Consumer(
                {"group.id": "interestgraph", **_TUNED, **common, **_FIXED}, logger=_log
            )
            self._admin = self._admin_client(common)
            found = self._describe().result(_ANSWER_SECONDS + 5)
        except self._kafka.KafkaException as error:
            raise self._start_error(error.args[0]) from error
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"Kafka settings: {error}") from error
        self.mark = str(found.topic_id)
        if mark and mark != self.mark:
            raise DataError(
                f"topic {self._topic} is not the one that was read before: it was deleted and made anew, or this is "
                "another cluster. Begin at its earliest messages with --from-start, or use another --id NAME"
            )
        self._offsets = dict(offsets)
        self._assign(found)

    @staticmethod
    def _admin_client(settings: dict[str, Any]) -> Any:
        from confluent_kafka.admin import AdminClient

        return AdminClient(settings, logger=_log)

    @property
    def _connected(self) -> Consumer:
        assert self._consumer is not None, "start comes first"
        return self._consumer

    def _start_error(self, error: KafkaError) -> DataError | ConfigurationError:
        code, codes = error.code(), self._kafka.KafkaError
        if code == codes.UNKNOWN_TOPIC_OR_PART:
            return DataError(f"Kafka at {self._servers} has no topic {self._topic}: create it first")
        if code == codes._INVALID_ARG:
            return ConfigurationError(f"Kafka settings: {error.str()}")
        told = self._trouble or error.str()
        return DataError(f"Kafka at {self._servers} does not answer ({told}): check address, settings and the broker")

    def _describe(self) -> Future[Any]:
        self._refreshed_at = time.monotonic()
        topics = self._kafka.TopicCollection([self._topic])
        asked: dict[str, Future[Any]] = self._admin.describe_topics(topics, request_timeout=_ANSWER_SECONDS)
        return asked[self._topic]

    def _assign(self, found: Any) -> None:
        new = {partition.id for partition in found.partitions} - self._partitions
        if self._partitions and new:
            self._say(f"topic {self._topic} has {len(new)} new partitions: read from their earliest messages")
        earliest = self._kafka.OFFSET_BEGINNING
        parts = [
            self._kafka.TopicPartition(self._topic, part, self._offsets.get(part, earliest)) for part in sorted(new)
        ]
        if parts:
            self._connected.incremental_assign(parts)
            self._partitions |= new

    def _look_for_partitions(self) -> None:
        """Ask from time to time; the answer is taken when it is there."""
        if self._refresh is None:
            if time.monotonic() - self._refreshed_at > _REFRESH_SECONDS:
                self._refresh = self._describe()
            return
        if not self._refresh.done():
            return
        answer, self._refresh = self._refresh, None
        if answer.exception() is not None:
            return  # the broker is away; the consumer tells that itself
        if str(answer.result().topic_id) != self.mark:
            raise DataError(f"topic {self._topic} was deleted and made anew: read the new one with --from-start")
        self._assign(answer.result())

    def poll(self, limit: int, seconds: float) -> list[Message]:
        """Messages of all partitions, in order within each."""
        if self._failed is not None:
            raise self._failed
        self._look_for_partitions()
        messages = [self._take(message) for message in self._connected.consume(limit, seconds)]
        found = [message for message in messages if message is not None]
        if found and self._trouble:
            self._trouble = ""
            self._say(f"Kafka at {self._servers} answers again")
        return found

    def _take(self, received: Received) -> Message | None:
        """A message; None for the end of a partition and for errors."""
        partition, offset, error = received.partition(), received.offset(), received.error()
        if error is None:
            assert partition is not None
            assert offset is not None
            self._ended.discard(partition)
            self._offsets[partition] = offset + 1
            return Message(received.value() or b"", partition, offset, offset + 1)
        if error.code() == self._kafka.KafkaError._PARTITION_EOF and partition is not None and offset is not None:
            self._ended.add(partition)
            self._offsets[partition] = offset
        else:
            self._note_failure(error, partition)
        return None

    def _note_failure(self, error: KafkaError, partition: int | None) -> None:
        """Errors that end the stream do so at the next poll, when the messages before them are applied."""
        codes = self._kafka.KafkaError
        if error.code() == codes._AUTO_OFFSET_RESET:
            self._failed = DataError(
                f"topic {self._topic}, partition {partition}: the broker no longer has offset "
                f"{self._offsets.get(partition or 0)}, from where the stream goes on (deleted by retention?). Begin at "
                "the earliest messages that are left with --from-start"
            )
        elif error.fatal() or error.code() in (codes.TOPIC_AUTHORIZATION_FAILED, codes._UNKNOWN_TOPIC):
            self._failed = DataError(f"Kafka at {self._servers}, topic {self._topic}: {error.str()}")
        else:
            self._on_error(error)

    def _on_error(self, error: KafkaError) -> None:
        """Told by the client, which goes on trying."""
        if not self._trouble and self._partitions:
            self._say(f"Kafka at {self._servers} does not answer ({error.str()}): waiting for it")
        self._trouble = error.str()

    def rest(self) -> list[Message]:
        """Nothing: messages are whole."""
        return []

    @property
    def at_end(self) -> bool:
        """Whether every partition was read to its end."""
        return self._ended >= self._partitions

    @property
    def behind(self) -> int | None:
        """Messages after the last one read, as far as the client was told."""
        total = 0
        for partition in self._partitions:
            at = self._kafka.TopicPartition(self._topic, partition)
            low, high = self._connected.get_watermark_offsets(at, cached=True)
            if high < 0:
                return None
            total += max(0, high - self._offsets.get(partition, low))
        return total

    def close(self) -> None:
        """Leave the broker."""
        if self._consumer is not None:
            self._consumer.close()
