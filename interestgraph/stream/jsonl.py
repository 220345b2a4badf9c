"""Lines of a file that grows, or of a pipe."""

from __future__ import annotations

import hashlib
import json
import os
import select
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from uuid import uuid4

from interestgraph.errors import DataError
from interestgraph.stream.parse import LONGEST
from interestgraph.stream.source import Message

_CHUNK = 1 << 18
_HEAD = 1 << 10
"""Bytes at the beginning of a file that it is known by."""
_GRACE = 2.0
"""Seconds for which a file that was renamed is read on: its writer may not know yet."""
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")


class _Lines:
    """Cuts bytes into lines. Of a line that is too long only the beginning is kept, so that memory stays bounded."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        """Where the line begins that is not complete yet."""
        self.ready: deque[Message] = deque()
        self._begun = bytearray()
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        *pieces, rest = chunk.split(b"\n")
        for piece in pieces:
            self._add(piece)
            self._end(1)
        self._add(rest)

    def finish(self) -> None:
        """Take what has no line break for a line."""
        self._end(0)

    @property
    def begun(self) -> bytes:
        """The line that is not complete yet."""
        return bytes(self._begun)

    def take(self, limit: int) -> list[Message]:
        return [self.ready.popleft() for _ in range(min(limit, len(self.ready)))]

    def _add(self, piece: bytes) -> None:
        self._begun += piece[: LONGEST + 1 - len(self._begun)]
        self._size += len(piece)

    def _end(self, breaks: int) -> None:
        following = self.offset + self._size + breaks
        if self._begun.strip():
            self.ready.append(Message(bytes(self._begun), 0, self.offset, following))
        self.offset, self._size = following, 0
        self._begun.clear()


class FileSource:
    """A file of JSON lines that is read to its end and followed as it grows.

    Args:
        path: the file.
    """

    unit = "bytes"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.name = f"jsonl:{self.path}"
        self._lines = _Lines(0)
        self._head = b""
        self._ended = False
        self._file: FileIO | None = None
        self._moved_at: float | None = None

    def start(self, offsets: Mapping[int, int], mark: str) -> None:
        """Open the file and check that it is the one that was read before."""
        if self.path.name.endswith(_PACKED):
            raise DataError(f"{self.path} is compressed: unpack it into `interestgraph stream --from jsonl:-`")
        if self.path.exists() and not self.path.is_file():
            raise DataError(f"{self.path} is no file: a pipe is read with `--from jsonl:-`")
        try:
            self._file = self.path.open("rb", buffering=0)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}") from error
        at = offsets.get(0, 0)
        if os.fstat(self._file.fileno()).st_size < at:
            raise DataError(f"{self.path} is shorter than the {at:,} bytes that were read: {_AGAIN}")
        self._head = os.pread(self._file.fileno(), int(mark.partition(":")[0] or 0), 0)
        if mark and self.mark != mark:
            raise DataError(
                f"{self.path} does not begin as it did when it was last read: it was replaced. Read the new file "
                "from its beginning with --from-start, or as another stream with --id NAME"
            )
        self._file.seek(at)
        self._lines = _Lines(at)

    @property
    def mark(self) -> str:
        """Length and sum of the file's beginning."""
        return f"{len(self._head)}:{hashlib.sha256(self._head).hexdigest()[:32]}" if self._head else ""

    @property
    def at_end(self) -> bool:
        """Whether there was nothing after the last line read."""
        return self._ended and not self._lines.ready

    @property
    def closed(self) -> bool:
        """A file can always grow."""
        return False

    @property
    def behind(self) -> int:
        """Bytes in complete lines not given out yet, and after them."""
        at = self._lines.ready[0].offset if self._lines.ready else self._lines.offset
        return max(0, os.fstat(self._opened.fileno()).st_size - at)

    @property
    def _opened(self) -> FileIO:
        assert self._file is not None, "start comes first"
        return self._file

    def poll(self, limit: int, seconds: float) -> list[Message]:
        """Complete lines; empty ones are passed over."""
        if not self._read():
            time.sleep(seconds)
            self._read()
        return self._lines.take(limit)

    def rest(self) -> list[Message]:
        """A last line without a line break, if it is complete; if not, it stays for the next time."""
        try:
            json.loads(self._lines.begun)
        except (ValueError, RecursionError):
            return []
        self._lines.finish()
        return self._lines.take(1)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _read(self) -> bool:
        """Read on until there is a complete line; whether there is one."""
        while not self._lines.ready:
            chunk = self._opened.read(_CHUNK)
            self._ended = not chunk
            self._check_content()
            if not chunk:
                return self._left()
            self._moved_at = None
            self._lines.feed(chunk)
        return True

    def _check_content(self) -> None:
        """That nothing was taken away or written anew."""
        file, at = self._opened.fileno(), self._opened.tell()
        if os.fstat(file).st_size < at or os.pread(file, len(self._head), 0) != self._head:
            raise DataError(f"{self.path} was truncated or written anew while it was read: {_AGAIN}")
        if len(self._head) < _HEAD:
            self._head = os.pread(file, min(_HEAD, at), 0)

    def _left(self) -> bool:
        """At the end: whether there is a last line, since nothing is added any more to a file that was renamed."""
        try:
            same = os.path.samestat(self.path.stat(), os.fstat(self._opened.fileno()))
            what = "replaced by another file"
        except OSError:
            same, what = False, "removed or renamed"
        if same:
            return False
        self._moved_at = self._moved_at or time.monotonic()
        if time.monotonic() - self._moved_at < _GRACE:
            return False
        self._lines.finish()
        if not self._lines.ready:
            raise DataError(f"{self.path} was {what} after {self._lines.offset:,} bytes, all of them read: {_AGAIN}")
        return True


_AGAIN = "when there is a new file in its place, read that from its beginning with --from-start"


class PipeSource:
    """Standard input. It has no position that a later run could go on from, so each run is a stream of its own.

    Args:
        descriptor: the file descriptor to read.
    """

    unit = "bytes"
    mark = ""
    behind = None

    def __init__(self, descriptor: int = 0) -> None:
        self.name = f"stdin-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
        self._descriptor = descriptor
        self._lines = _Lines(0)
        self._ended = False

    def start(self, offsets: Mapping[int, int], mark: str) -> None:
        """Nothing to do: what was read before does not come again."""

    def poll(self, limit: int, seconds: float) -> list[Message]:
        """Complete lines, and at the end what is left."""
        deadline = time.monotonic() + seconds
        while not self._lines.ready and not self._ended:
            if not select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                break
            chunk = os.read(self._descriptor, _CHUNK)
            self._ended = not chunk
            if chunk:
                self._lines.feed(chunk)
            else:
                self._lines.finish()
        return self._lines.take(limit)

    def rest(self) -> list[Message]:
        """Nothing: `poll` gives all."""
        return []

    @property
    def at_end(self) -> bool:
        """Whether the writer has closed it and all was given out."""
        return self._ended and not self._lines.ready

    @property
    def closed(self) -> bool:
        """The same: nothing more can come."""
        return self.at_end

    def close(self) -> None:
        """Standard input is not ours to close."""
