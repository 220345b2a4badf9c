"""What is no event is kept: a file of JSON lines with source, position, reason and the text itself."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from interestgraph.errors import DataError, DiskSpaceError
from interestgraph.stream.source import Message


class DeadLetters:
    """The dead-letter file of a stream, made when the first message is rejected.

    A line is on disk before the position after it is in the graph, so none is lost; lines that a run wrote and did
    not come to commit are known to the next one and not written twice.

    Args:
        path: the file; lines are added at its end.
        stream: the stream's id.
    """

    def __init__(self, path: Path, stream: str) -> None:
        self.path = path
        self._stream = stream
        self._written: set[bytes] = set()

    def start(self, offsets: Mapping[int, int]) -> None:
        """Remember the lines of messages that will come again.

        Raises:
            DataError: the file cannot be read.
        """
        if not self.path.exists():
            return
        try:
            with self.path.open("rb") as file:
                self._written = {line for line in file if self._comes_again(line, offsets)}
        except OSError as error:
            raise DataError(f"dead-letter file {self.path} cannot be read: {error.strerror}") from error

    def _comes_again(self, line: bytes, offsets: Mapping[int, int]) -> bool:
        try:
            letter = json.loads(line)
            return bool(letter["source"] == self._stream and letter["offset"] >= offsets.get(letter["partition"], 0))
        except (ValueError, KeyError, TypeError):
            return False  # somebody else's line, or one that was cut off

    def write(self, rejected: Sequence[tuple[Message, str]]) -> None:
        """Add messages with their reasons; on return they are on disk.

        Raises:
            DataError, DiskSpaceError: they cannot be written.
        """
        lines = [self._line(message, reason) for message, reason in rejected]
        new = [line for line in lines if line not in self._written]
        if not new:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                file.write(b"".join([self._separator(file.fileno()), *new]))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            kind = DiskSpaceError if error.errno == errno.ENOSPC else DataError
            raise kind(f"dead-letter file {self.path} cannot be written: {error.strerror}") from error

    @staticmethod
    def _separator(file: int) -> bytes:
        """A line break, where the last line was cut off by a full disk or the end of the machine."""
        size = os.fstat(file).st_size
        return b"" if size == 0 or os.pread(file, 1, size - 1) == b"\n" else b"\n"

    def _line(self, message: Message, reason: str) -> bytes:
        letter = {
            "source": self._stream,
            "partition": message.partition,
            "offset": message.offset,
            "reason": reason,
            "text": message.text.decode("utf-8", errors="backslashreplace"),
        }
        return json.dumps(letter, ensure_ascii=False).encode() + b"\n"
