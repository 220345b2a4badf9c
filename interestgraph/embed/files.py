"""Walks and vectors as files; the suffix chooses the form.

Walks: ``.parquet`` (a column ``walk`` of lists of node keys), ``.txt`` and ``.txt.gz`` (a walk per line,
keys separated by spaces, as gensim's ``LineSentence`` reads). Vectors: ``.npz``, ``.parquet``, ``.kv``
(gensim ``KeyedVectors``), ``.txt`` and ``.txt.gz`` (word2vec text).

In the text forms white space, control characters and ``%`` in a key are percent-encoded as UTF-8, since
those forms have no quoting: ``User:J%20Doe``. A file is written under a temporary name beside its own and
renamed when complete, so no reader and no interrupted run meets half a file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.embed.formats import (
    VECTOR_FORMS,
    WALK_FORMS,
    Collector,
    encode_key,
    form_of,
    open_text,
    parquet_manifest,
    parquet_walks,
    read_keyed_vectors,
    read_npz,
    read_parquet_vectors,
    read_text_vectors,
    text_walks,
    write_keyed_vectors,
    write_npz,
    write_parquet_vectors,
    write_parquet_walks,
    write_text_vectors,
    write_text_walks,
)
from interestgraph.embed.walks import WALKS_PER_BLOCK, Walks
from interestgraph.errors import DataError, DiskSpaceError


@dataclass(frozen=True, eq=False)
class StoredWalks:
    """Walks in a file, read a block at a time: ``train(walks.blocks, len(walks.keys), config)``."""

    path: Path
    """The file."""
    keys: Sequence[str]
    """Key of each node number in the blocks."""
    manifest: Mapping[str, Any]
    """What the writer said of them, such as the walk parameters; empty in text files."""

    def blocks(self, block_size: int = WALKS_PER_BLOCK) -> Iterator[Walks]:
        """Go through the file.

        Yields:
            int32 (B, longest walk of the block), -1 after the end of a walk.

        Raises:
            DataError: a key that is not in `keys`, with the file and its line or row (from 1);
                a damaged file.
        """
        number_of = {key: number for number, key in enumerate(self.keys)}
        reader = parquet_walks if form_of(self.path, WALK_FORMS) == ".parquet" else text_walks
        return reader(self.path, number_of, block_size)


def write_walks(
    path: str | os.PathLike[str],
    blocks: Iterable[Walks],
    keys: Sequence[str],
    manifest: Mapping[str, Any] | None = None,
) -> int:
    """Write walks and return how many; only one block is in memory.

    Args:
        path: ends in ``.parquet``, ``.txt`` or ``.txt.gz``.
        blocks: int32 (B, length), -1 after the end of a walk, as `iter_walks` gives.
        keys: key of each node number, each once.
        manifest: JSON values to keep with them (Parquet only; text has no place for it).

    Raises:
        DataError: another suffix, a key that occurs twice or cannot be written, a folder that is not there.
        DiskSpaceError: the disk is full.
    """
    target = Path(path)
    form = form_of(target, WALK_FORMS)
    _unique(keys)
    words = [encode_key(key) for key in keys]
    with _written(target) as temporary:
        if form == ".parquet":
            return write_parquet_walks(temporary, blocks, keys, manifest or {})
        with open_text(temporary, form, "wt") as file:
            return write_text_walks(file, blocks, words)


def read_walks(path: str | os.PathLike[str], keys: Sequence[str] | None = None) -> StoredWalks:
    """Open a file of walks.

    Args:
        path: ends in ``.parquet``, ``.txt`` or ``.txt.gz``.
        keys: the nodes that may occur; walks then come as numbers in this list. None: the keys of the
            file, in the order they come in, for which the file is read through once.

    Raises:
        DataError: no such file, another suffix, not a file of walks.
    """
    source = Path(path)
    form = form_of(source, WALK_FORMS)
    _must_exist(source)
    manifest = parquet_manifest(source, "walk") if form == ".parquet" else {}
    if keys is not None:
        _unique(keys)
        return StoredWalks(source, keys, manifest)
    found = Collector()
    reader = parquet_walks if form == ".parquet" else text_walks
    for _ in reader(source, found, WALKS_PER_BLOCK):
        pass
    return StoredWalks(source, list(found), manifest)


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Vectors with the keys of their nodes."""

    keys: Sequence[str]
    """Node keys."""
    vectors: NDArray[np.float32]
    """float32 (keys, dimensions)."""
    manifest: Mapping[str, Any]
    """What the writer said of them; empty in the gensim forms."""


def write_vectors(
    path: str | os.PathLike[str],
    keys: Sequence[str],
    vectors: NDArray[np.float32],
    manifest: Mapping[str, Any] | None = None,
) -> None:
    """Write vectors; reading gives the same bytes back.

    Args:
        path: ends in ``.npz``, ``.parquet``, ``.kv`` (gensim's ``KeyedVectors.load``), ``.txt`` or
            ``.txt.gz`` (``KeyedVectors.load_word2vec_format``).
        keys: node keys, each once.
        vectors: float32 (keys, dimensions).
        manifest: JSON values to keep with them (``.npz`` and ``.parquet`` only).

    Raises:
        DataError: another suffix, keys and vectors that do not fit, a folder that is not there.
        DiskSpaceError: the disk is full.
    """
    target = Path(path)
    form = form_of(target, VECTOR_FORMS)
    _unique(keys)
    if vectors.ndim != 2 or len(vectors) != len(keys) or vectors.shape[1] == 0:
        raise DataError(f"{target}: {len(keys)} keys do not fit vectors of shape {vectors.shape}")
    words = [encode_key(key) for key in keys]
    values = np.ascontiguousarray(vectors, np.float32)
    with _written(target) as temporary:
        if form == ".npz":
            write_npz(temporary, keys, values, manifest or {})
        elif form == ".parquet":
            write_parquet_vectors(temporary, keys, values, manifest or {})
        elif form == ".kv":
            write_keyed_vectors(temporary, keys, values)
        else:
            with open_text(temporary, form, "wt") as file:
                write_text_vectors(file, words, values)


def read_vectors(path: str | os.PathLike[str]) -> VectorSet:
    """Read vectors that `write_vectors` or gensim wrote. A ``.kv`` file is a pickle: open only your own.

    Raises:
        DataError: no such file, another suffix, a damaged file.
    """
    source = Path(path)
    form = form_of(source, VECTOR_FORMS)
    _must_exist(source)
    try:
        if form == ".npz":
            return VectorSet(*read_npz(source))
        if form == ".parquet":
            return VectorSet(*read_parquet_vectors(source))
        if form == ".kv":
            return VectorSet(*read_keyed_vectors(source))
        return VectorSet(*read_text_vectors(source, form))
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{source} is not a readable file of vectors: {error}") from error


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: no such file")


def _unique(keys: Sequence[str]) -> None:
    if len(set(keys)) != len(keys):
        seen: set[str] = set()
        twice = next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise DataError(f"the node key {twice!r} occurs twice; keys must be unique")


@contextmanager
def _written(target: Path) -> Iterator[Path]:
    """A temporary file that becomes `target` if all goes well."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskSpaceError(f"{target}: the disk is full; free some space and write again") from error
        raise DataError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)
