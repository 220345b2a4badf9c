from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from interestgraph.embed import (
    SkipGramConfig,
    WalkConfig,
    iter_walks,
    read_vectors,
    read_walks,
    train,
    write_vectors,
    write_walks,
)
from interestgraph.embed.walks import Walks
from interestgraph.errors import DataError, DiskSpaceError

from .graphs import blocks_graph

KEYS = ["User:1228", "Item:82", "Category:GROCERY", "Item:J & B  50%", "User:Zoë\u2028\t\x00\u3000京"]
WALKS = np.array([[0, 1, 2], [4, 3, -1], [1, -1, -1]], np.int32)
WALK_FILES = ["w.parquet", "w.txt", "w.txt.gz"]
VECTOR_FILES = ["v.npz", "v.parquet", "v.kv", "v.txt", "v.txt.gz"]

node_keys = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True)


def rows(blocks: Iterator[Walks]) -> list[list[int]]:
    return [[node for node in walk if node >= 0] for block in blocks for walk in block.tolist()]


@pytest.mark.parametrize("name", WALK_FILES)
def test_walks_come_back_against_known_keys(tmp_path: Path, name: str) -> None:
    assert write_walks(tmp_path / name, [WALKS[:2], WALKS[2:]], KEYS) == 3
    known = [*reversed(KEYS), "User:another"]
    back = read_walks(tmp_path / name, known)
    assert rows(back.blocks()) == [[4, 3, 2], [0, 1], [3]]
    assert rows(back.blocks(block_size=2)) == [[4, 3, 2], [0, 1], [3]]
    assert [block.dtype for block in back.blocks(block_size=2)] == [np.int32, np.int32]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", WALK_FILES)
def test_keys_can_be_taken_from_the_file(tmp_path: Path, name: str) -> None:
    write_walks(tmp_path / name, [WALKS], KEYS)
    back = read_walks(tmp_path / name)
    assert back.keys == [KEYS[0], KEYS[1], KEYS[2], KEYS[4], KEYS[3]]
    assert rows(back.blocks()) == [[0, 1, 2], [3, 4], [1]]


@settings(max_examples=40, deadline=None)
@given(node_keys, st.data())
def test_any_keys_survive_every_form(keys: Sequence[str], data: st.DataObject) -> None:
    node = st.integers(0, len(keys) - 1)
    walks = data.draw(st.lists(st.lists(node, min_size=1, max_size=6), min_size=1, max_size=5))
    block = np.full((len(walks), 6), -1, np.int32)
    for row, walk in enumerate(walks):
        block[row, : len(walk)] = walk
    vectors = np.arange(2 * len(keys), dtype=np.float32).reshape(-1, 2)
    with TemporaryDirectory() as folder:
        for name in WALK_FILES:
            write_walks(Path(folder) / name, [block], keys)
            assert rows(read_walks(Path(folder) / name, keys).blocks()) == walks
        for name in VECTOR_FILES:
            write_vectors(Path(folder) / name, keys, vectors)
            assert list(read_vectors(Path(folder) / name).keys) == list(keys)


def test_text_is_what_gensim_reads(tmp_path: Path) -> None:
    from gensim.models.word2vec import LineSentence

    for name in ("w.txt", "w.txt.gz"):
        write_walks(tmp_path / name, [WALKS], KEYS)
        sentences = list(LineSentence(str(tmp_path / name)))
        assert sentences[0] == ["User:1228", "Item:82", "Category:GROCERY"]
        assert sentences[1] == ["User:Zoë%E2%80%A8%09%00%E3%80%80京", "Item:J%20&%20B%20%2050%25"]


def test_the_manifest_is_kept_in_parquet_and_equal_walks_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet", "a.txt.gz", "b.txt.gz"):
        write_walks(tmp_path / name, [WALKS], KEYS, {"p": 0.5, "seed": 42})
    assert read_walks(tmp_path / "a.parquet").manifest == {"p": 0.5, "seed": 42}
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()


def test_training_from_a_file_is_the_same_as_from_the_walker(tmp_path: Path) -> None:
    graph, _ = blocks_graph(1)
    config = SkipGramConfig(dimensions=8, workers=1)
    write_walks(tmp_path / "w.parquet", iter_walks(graph, WalkConfig()), graph.ids)
    stored = read_walks(tmp_path / "w.parquet", graph.ids)
    direct = train(lambda: iter_walks(graph, WalkConfig()), graph.n_nodes, config)
    assert train(stored.blocks, graph.n_nodes, config).vectors.tobytes() == direct.vectors.tobytes()


@pytest.mark.parametrize(("name", "place"), [("w.parquet", "row 2"), ("w.txt", "line 2"), ("w.txt.gz", "line 2")])
def test_an_unknown_key_is_named_with_its_place(tmp_path: Path, name: str, place: str) -> None:
    write_walks(tmp_path / name, [WALKS], KEYS)
    known = [key for key in KEYS if key != KEYS[3]]
    with pytest.raises(DataError, match=rf"{name}, {place}: the node 'Item:J & B  50%' is not known"):
        rows(read_walks(tmp_path / name, known).blocks())


@pytest.mark.parametrize("name", VECTOR_FILES)
def test_vectors_come_back_with_the_same_bytes(tmp_path: Path, name: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    vectors[0] = [0, 1e-42, -3.4e38]
    write_vectors(tmp_path / name, KEYS, vectors, {"runId": "r1"})
    back = read_vectors(tmp_path / name)
    assert back.keys == KEYS
    assert back.vectors.tobytes() == vectors.tobytes()
    assert back.vectors.dtype == np.float32
    assert back.manifest == ({"runId": "r1"} if name in ("v.npz", "v.parquet") else {})


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, (2, 3), elements=st.floats(width=32, allow_nan=False)))
def test_text_vectors_lose_no_digit(vectors: NDArray[np.float32]) -> None:
    with TemporaryDirectory() as folder:
        write_vectors(Path(folder) / "v.txt", ["a", "b"], vectors)
        assert read_vectors(Path(folder) / "v.txt").vectors.tobytes() == vectors.tobytes()


def test_gensim_opens_its_two_forms(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    vectors = np.array([[1, 2], [3, 4.5]], np.float32)
    for name in ("v.kv", "v.txt"):
        write_vectors(tmp_path / name, ["User:1", "Item:2"], vectors)
    for opened in (
        KeyedVectors.load(str(tmp_path / "v.kv")),
        KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt")),
    ):
        assert opened["Item:2"].tolist() == [3, 4.5]


@pytest.mark.parametrize("name", ["w.csv", "missing.parquet", "missing.txt"])
def test_files_that_are_not_there_or_of_another_kind(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=name):
        read_walks(tmp_path / name)
    with pytest.raises(DataError, match=name):
        read_vectors(tmp_path / name)


@pytest.mark.parametrize("name", WALK_FILES)
def test_damaged_walks(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(DataError, match=name):
        read_walks(tmp_path / name)


@pytest.mark.parametrize("name", VECTOR_FILES)
def test_damaged_vectors(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"3 2\nUser:1 0.5 broken\n")
    with pytest.raises(DataError, match=name):
        read_vectors(tmp_path / name)


def test_a_cut_gzip_and_a_short_text_are_noticed(tmp_path: Path) -> None:
    write_walks(tmp_path / "w.txt.gz", [np.tile(WALKS, (500, 1))], KEYS)
    (tmp_path / "w.txt.gz").write_bytes((tmp_path / "w.txt.gz").read_bytes()[:-20])
    with pytest.raises(DataError, match=r"w\.txt\.gz"):
        read_walks(tmp_path / "w.txt.gz")
    (tmp_path / "v.txt").write_text("3 2\nUser:1 0.5 1\n")
    with pytest.raises(DataError, match="says 3 vectors, there are 1"):
        read_vectors(tmp_path / "v.txt")


def test_a_parquet_file_without_walks(tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.parquet", ["a"], np.ones((1, 2), np.float32))
    with pytest.raises(DataError, match="no column 'walk'; it has key, vector"):
        read_walks(tmp_path / "v.parquet")


@pytest.mark.parametrize("keys", [["a", "a"], ["a", ""], ["a", "\ud800"]])
def test_keys_that_cannot_be_told_apart_or_written(tmp_path: Path, keys: list[str]) -> None:
    for name in WALK_FILES:
        with pytest.raises(DataError, match="node key"):
            write_walks(tmp_path / name, [], keys)
    with pytest.raises(DataError, match="node key"):
        write_vectors(tmp_path / "v.npz", keys, np.ones((2, 2), np.float32))


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    def blocks() -> Iterator[Walks]:
        yield WALKS
        raise KeyboardInterrupt

    for name in WALK_FILES:
        write_walks(tmp_path / name, [WALKS[:1]], KEYS)
        with pytest.raises(KeyboardInterrupt):
            write_walks(tmp_path / name, blocks(), KEYS)
        assert rows(read_walks(tmp_path / name, KEYS).blocks()) == [[0, 1, 2]]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(WALK_FILES)


def test_a_full_disk_and_a_missing_folder_have_their_errors(tmp_path: Path) -> None:
    def full() -> Iterator[Walks]:
        yield WALKS
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskSpaceError, match=r"w\.txt"):
        write_walks(tmp_path / "w.txt", full(), KEYS)
    with pytest.raises(DataError, match="cannot be written"):
        write_walks(tmp_path / "no" / "w.txt", [WALKS], KEYS)


def test_vectors_must_fit_their_keys(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="5 keys do not fit"):
        write_vectors(tmp_path / "v.npz", KEYS, np.ones((4, 2), np.float32))
