"""Lines of text files, packed or not, also of those that are cut off."""

from __future__ import annotations

import codecs
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from interestgraph.errors import DataError

PACKED = (".gz", ".zst")
_BLOCK = 1 << 18


class Lines(Iterator[bytes]):
    """The lines of a file without their ends; those of UTF-16 in UTF-8.

    Raises:
        DataError: the file is not packed as its name says, or damaged.
    """

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self._source = self._read(path, encoding)
        self._back: deque[bytes] = deque()
        self.cut_off: bytes | None = None
        """Of a packed file that is cut off: what there is of its last line; known after all others."""

    def __next__(self) -> bytes:
        return self._back.popleft() if self._back else next(self._source)

    def put_back(self, lines: Sequence[bytes]) -> None:
        """Give these lines again."""
        self._back.extendleft(reversed(lines))

    def _read(self, path: Path, encoding: str) -> Iterator[bytes]:
        mark, rest = b"", b""
        try:
            for block in _decoded(unpacked(path), encoding):
                if not mark:
                    block = block.removeprefix(codecs.BOM_UTF8)
                    mark = b"\r" if b"\r" in block and b"\n" not in block else b"\n"
                if mark not in block:  # a long line
                    rest += block
                    continue
                *complete, rest = (rest + block).split(mark)
                yield from (line.removesuffix(b"\r") for line in complete)
        except EOFError:
            self.cut_off = rest
        else:
            if rest:
                yield rest


def _decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding != "utf-16":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def is_whole(path: Path) -> bool:
    """Whether a file is not cut off, which only a packed one tells; DuckDB reads those that are without a word.

    Raises:
        DataError: it is not packed as its name says, or damaged.
    """
    if not path.name.endswith(PACKED):
        return True
    try:
        for _ in unpacked(path):
            pass
    except EOFError:
        return False
    return True


def unpacked(path: Path) -> Iterator[bytes]:
    """The blocks of a file; EOFError after the last one that can be had of a packed file that is cut off.

    Raises:
        DataError: it is not packed as its name says, or damaged.
    """
    if path.name.endswith(".gz"):
        yield from _ungzipped(path)
    elif path.name.endswith(".zst"):
        yield from _unzstd(path)
    else:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block


def _ungzipped(path: Path) -> Iterator[bytes]:
    member = zlib.decompressobj(31)
    with path.open("rb") as stream:
        while chunk := stream.read(_BLOCK):
            while chunk:
                try:
                    yield member.decompress(chunk)
                except zlib.error as error:
                    raise DataError(f"{path} cannot be read: not a gzipped file, or damaged ({error})") from error
                if not member.eof:
                    break
                chunk = member.unused_data
                if chunk:
                    member = zlib.decompressobj(31)
    if not member.eof:
        raise EOFError


def _unzstd(path: Path) -> Iterator[bytes]:
    import pyarrow as pa

    done = 0
    # A read that fails loses what comes before the cut: then the last ones are of single bytes.
    for size in (_BLOCK, 1):
        with pa.input_stream(str(path), compression="zstd") as stream:
            for _ in range(done):
                stream.read(_BLOCK)
            try:
                while block := stream.read(size):
                    yield block
                    done += 1
                return
            except OSError as error:
                if "Truncated" not in str(error):
                    raise DataError(f"{path} cannot be read: not a zstd file, or damaged ({error})") from error
    raise EOFError
