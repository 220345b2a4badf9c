"""Arrays as the bytes of a few nodes: what is derived from the graph and too large for relationships."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PART_BYTES = 1 << 20
"""Length of a part."""


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Named arrays as bytes (NumPy's ``.npz``, without compression), the same for equal arrays."""
    stream = io.BytesIO()
    # NumPy notes the year 1980 as the time of every member, so equal arrays are equal bytes.
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """What `pack_arrays` was given."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return dict(found)


def pack_texts(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Texts as two arrays, for `pack_arrays`: their bytes one after another, and their lengths."""
    encoded = [text.encode() for text in texts]
    return {
        "bytes": np.frombuffer(b"".join(encoded), dtype=np.uint8),
        "lengths": np.fromiter(map(len, encoded), np.uint32, len(encoded)),
    }


def unpack_texts(data: NDArray[Any], lengths: NDArray[Any]) -> list[str]:
    """What `pack_texts` was given."""
    raw = data.tobytes()
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    starts = [0, *ends[:-1]] if ends else []
    text = raw.decode()
    if len(text) == len(raw):  # ASCII only: positions of bytes are positions of characters
        return [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [raw[start:end].decode() for start, end in zip(starts, ends, strict=True)]


def cut_parts(data: bytes) -> Iterator[bytes]:
    """Pieces of at most `PART_BYTES`."""
    for start in range(0, len(data), PART_BYTES):
        yield data[start : start + PART_BYTES]


def join_parts(parts: Iterable[bytes]) -> bytes:
    """The pieces together."""
    return b"".join(parts)
