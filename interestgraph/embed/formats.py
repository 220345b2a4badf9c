"""How each form of a file of walks or vectors is written and read, for `interestgraph.embed.files`."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.walks import Walks
from interestgraph.errors import DataError

_SPECIAL = re.compile(r"[\s\x00-\x20\x7f-\x9f%]")
_MANIFEST = "interestgraph"
"""Name of the manifest: a Parquet metadata key, an array in ``.npz``."""
Parts = tuple[list[str], NDArray[np.float32], dict[str, Any]]
"""Keys, vectors and manifest of a file of vectors."""
WALK_FORMS = (".parquet", ".txt", ".txt.gz")
VECTOR_FORMS = (".npz", ".parquet", ".kv", ".txt", ".txt.gz")


def encode_key(key: str) -> str:
    """A key as one word: white space, control characters and ``%`` percent-encoded.

    Raises:
        DataError: the key is empty or has a lone surrogate, which no file can hold.
    """
    if not key or any("\ud800" <= character <= "\udfff" for character in key):
        raise DataError(f"the node key {key!r} is empty or not valid Unicode; it cannot be written")
    return _SPECIAL.sub(lambda match: quote(match[0], safe=""), key)


def decode_key(word: str) -> str:
    """The key that `encode_key` made this word from; a word without ``%`` is its own key."""
    return unquote(word) if "%" in word else word


def form_of(path: Path, forms: tuple[str, ...]) -> str:
    for form in forms:
        if path.name.lower().endswith(form):
            return form
    raise DataError(f"{path}: the name must end in one of {', '.join(forms)}")


@contextmanager
def open_text(path: Path, form: str, mode: str) -> Iterator[IO[str]]:
    """A text file, gzip for ``.gz`` (fast level, no time stamp: equal walks give equal bytes)."""
    if form != ".txt.gz":
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            yield file
        return
    with (
        path.open(mode.replace("t", "b")) as raw,
        gzip.GzipFile(
            filename="", mode=mode.replace("t", "b"), fileobj=cast("IO[bytes]", raw), compresslevel=4, mtime=0
        ) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file,
    ):
        yield file


class Collector(dict[str, int]):
    """Numbers keys in the order they come in."""

    def __missing__(self, key: str) -> int:
        self[key] = number = len(self)
        return number


def _pad(lengths: NDArray[np.int64], flat: NDArray[np.int32]) -> Walks:
    block = np.full((len(lengths), int(lengths.max(initial=1))), -1, np.int32)
    block[np.arange(block.shape[1]) < lengths[:, None]] = flat
    return block


def write_text_walks(file: IO[str], blocks: Iterable[Walks], words: Sequence[str]) -> int:
    count = 0
    for block in blocks:
        for walk in block.tolist():
            nodes = walk if walk[-1] >= 0 else walk[: walk.index(-1)]
            if nodes:
                file.write(" ".join([words[node] for node in nodes]) + "\n")
                count += 1
    return count


def text_walks(path: Path, number_of: Mapping[str, int], block_size: int) -> Iterator[Walks]:
    flat: list[int] = []
    lengths: list[int] = []
    line = 0
    try:
        with open_text(path, form_of(path, WALK_FORMS), "rt") as file:
            for line, text in enumerate(file, start=1):  # noqa: B007  (named in the errors below)
                before = len(flat)
                flat.extend([number_of[decode_key(word)] for word in text.split()])
                if len(flat) > before:
                    lengths.append(len(flat) - before)
                if len(lengths) == block_size:
                    yield _pad(np.array(lengths, np.int64), np.array(flat, np.int32))
                    flat, lengths = [], []
    except KeyError as error:
        raise DataError(f"{path}, line {line}: the node {error.args[0]!r} is not known") from error
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}, after line {line}: cannot be read ({error})") from error
    if lengths:
        yield _pad(np.array(lengths, np.int64), np.array(flat, np.int32))


def write_parquet_walks(path: Path, blocks: Iterable[Walks], keys: Sequence[str], manifest: Mapping[str, Any]) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    names = pa.array(keys, pa.string())
    schema = pa.schema([("walk", pa.list_(pa.string()))], {_MANIFEST: json.dumps(manifest)})
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd", dictionary_pagesize_limit=2**26) as writer:
        for block in blocks:
            inside = np.logical_and.accumulate(block >= 0, axis=1)
            lengths = inside.sum(axis=1)
            ends = np.concatenate([[0], np.cumsum(lengths[lengths > 0])]).astype(np.int32)
            column = pa.ListArray.from_arrays(pa.array(ends), names.take(pa.array(block[inside])))
            writer.write_batch(pa.record_batch([column], schema=schema))
            count += len(ends) - 1
    return count


def parquet_manifest(path: Path, column: str) -> dict[str, Any]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    if column not in schema.names:
        raise DataError(f"{path} has no column {column!r}; it has {', '.join(schema.names)}")
    manifest: dict[str, Any] = json.loads((schema.metadata or {}).get(_MANIFEST.encode(), b"{}"))
    return manifest


def parquet_walks(path: Path, number_of: Mapping[str, int], block_size: int) -> Iterator[Walks]:
    import pyarrow as pa
    from pyarrow import parquet

    row = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(block_size, columns=["walk"]):
                column = batch.column(0)
                lengths = np.asarray(column.value_lengths().fill_null(0), np.int64)
                yield _pad(lengths[lengths > 0], _numbers(path, column, lengths, number_of, row))
                row += len(column)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}, after row {row}: cannot be read ({error})") from error


def _numbers(
    path: Path, column: Any, lengths: NDArray[np.int64], number_of: Mapping[str, int], row: int
) -> NDArray[np.int32]:
    """The node numbers of all walks of a column, one after another."""
    coded = column.flatten().dictionary_encode()
    numbers = np.empty(len(coded.dictionary) + 1, np.int32)
    numbers[-1] = -1  # a null
    for code, key in enumerate(coded.dictionary.to_pylist()):
        try:
            numbers[code] = number_of[key]
        except KeyError:
            numbers[code] = -1
    flat: NDArray[np.int32] = numbers[np.asarray(coded.indices.fill_null(-1))]
    if len(flat) and flat.min() < 0:
        place = int(np.argmax(flat < 0))
        wrong = row + 1 + int(np.searchsorted(np.cumsum(lengths), place, side="right"))
        raise DataError(f"{path}, row {wrong}: the node {coded[place].as_py()!r} is not known")
    return flat


def write_npz(path: Path, keys: Sequence[str], vectors: Any, manifest: Mapping[str, Any]) -> None:
    words = np.array([encode_key(key) for key in keys], np.str_)
    with path.open("wb") as file:
        np.savez(file, keys=words, vectors=vectors, interestgraph=np.array(json.dumps(manifest)))


def read_npz(path: Path) -> Parts:
    with np.load(path, allow_pickle=False) as data:
        keys = [decode_key(word) for word in data["keys"].tolist()]
        return (keys, data["vectors"], json.loads(str(data[_MANIFEST])))


def write_parquet_vectors(path: Path, keys: Sequence[str], vectors: Any, manifest: Mapping[str, Any]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    table = pa.table({"key": pa.array(keys, pa.string()), "vector": column})
    parquet.write_table(table.replace_schema_metadata({_MANIFEST: json.dumps(manifest)}), path)


def read_parquet_vectors(path: Path) -> Parts:
    from pyarrow import parquet

    manifest = parquet_manifest(path, "vector")
    table = parquet.read_table(path)
    column = table["vector"].combine_chunks()
    vectors = np.array(column.flatten(), np.float32).reshape(len(table), column.type.list_size)
    return (table["key"].to_pylist(), vectors, manifest)


def write_keyed_vectors(path: Path, keys: Sequence[str], vectors: Any) -> None:
    from gensim.models import KeyedVectors

    result = KeyedVectors(vectors.shape[1], count=0)
    result.add_vectors(list(keys), vectors)
    result.save(str(path), separately=[], sep_limit=2**62)  # one file, that can be renamed


def read_keyed_vectors(path: Path) -> Parts:
    from gensim.models import KeyedVectors

    stored = KeyedVectors.load(str(path))
    return ([str(key) for key in stored.index_to_key], np.asarray(stored.vectors, np.float32), {})


def write_text_vectors(file: IO[str], words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    import pyarrow as pa

    columns = vectors.shape[1]
    file.write(f"{len(words)} {columns}\n")
    for low in range(0, len(words), 4096):
        digits = pa.array(vectors[low : low + 4096].ravel()).cast(pa.string()).to_pylist()
        for row, word in enumerate(words[low : low + 4096]):
            file.write(f"{word} {' '.join(digits[row * columns : (row + 1) * columns])}\n")


def read_text_vectors(path: Path, form: str) -> Parts:
    with open_text(path, form, "rt") as file:
        rows, columns = (int(number) for number in file.readline().split())
        keys, vectors = [], np.empty((rows, columns), np.float32)
        for row, text in enumerate(file):
            word, *values = text.split()
            vectors[row] = [float(value) for value in values]
            keys.append(decode_key(word))
    if len(keys) != rows:
        raise DataError(f"{path}: the first line says {rows} vectors, there are {len(keys)}")
    return keys, vectors, {}
