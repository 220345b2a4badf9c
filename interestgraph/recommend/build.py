"""The catalogue out of the graph: from a pack where one was made of this state, else node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interestgraph.neo4j.connection import Database, Row
from interestgraph.neo4j.parts import cut_parts, join_parts, pack_arrays, pack_texts, unpack_arrays, unpack_texts
from interestgraph.neo4j.queries import Query, load_query
from interestgraph.recommend.catalogue import Catalogue, Links
from interestgraph.recommend.context import Context, read_context

PAGE = 50_000
"""Items per query."""
TEXTS = ("items", "titles", "brands", "communities", "categories", "category_names")
ARRAYS = ("price", "open", "trend", "buyers", "repeat_rate", "category_parent")
LINKS = ("member", "near", "linear")


@dataclass(frozen=True)
class Version:
    """The state of a graph."""

    graph: str
    """Changes with loads, enrichments, vectors and rankers."""
    events: str
    """Changes with single events."""

    @property
    def key(self) -> str:
        """One text of both."""
        return f"{self.graph} {self.events}"


def read_rows(database: Database, query: str | Query, **parameters: Any) -> list[Row]:
    """The rows of a query file as the driver decodes them: `Database.read` goes through every element of every list
    once more, which takes longer than the query where the lists are long."""
    names = (query if isinstance(query, Query) else load_query(query)).returns
    return [dict(zip(names, values, strict=True)) for values in database.stream(query, **parameters)]


def read_version(database: Database) -> Version:
    """Ask the graph for its state."""
    row = database.read("serve/version")[0]
    return Version(row["graph"], row["events"])


def read_catalogue(database: Database, version: Version, context: Context) -> Catalogue:
    """The catalogue of a state, from its pack if there is one."""
    parts = database.read("serve/pack_parts", version=_pack_key(version))
    if parts:
        return unpack(unpack_arrays(join_parts(row["data"] for row in parts)))
    return build_catalogue(database, context)


def store_pack(database: Database) -> int:
    """Keep the catalogue of the present state in the graph as bytes, so that clients begin at once; returns their
    number.

    Written by whoever changes derived structure; the graph serves without it too, only the first answer is slower.
    Nothing is done where it is there already.
    """
    version = read_version(database)
    if present := database.read("serve/pack_size", version=_pack_key(version))[0]["bytes"]:
        return int(present)
    data = pack_arrays(pack(build_catalogue(database, read_context(database))))
    database.write("serve/drop_packs")
    for place, piece in enumerate(cut_parts(data)):
        database.write("serve/put_pack", version=_pack_key(version), place=place, size=len(piece), data=piece)
    return len(data)


def _pack_key(version: Version) -> str:
    # The ranker, the last word, is no part of the catalogue.
    return f"{version.graph.rsplit(' ', 1)[0]} {version.events}"


def build_catalogue(database: Database, context: Context) -> Catalogue:
    """Read the items, their categories, links and vectors."""
    tree = list(database.stream("enrich/export_categories"))
    categories = [row[0] for row in tree]
    position = {name: at for at, name in enumerate(categories)}
    columns = read_items(database)
    items = columns["items"]
    number = {item: at for at, item in enumerate(items)}
    near = [
        (number[source], number[target], score)
        for source, targets, scores in database.stream("enrich/export_similar")
        for target, score in zip(targets, scores, strict=True)
        if source in number and target in number
    ]
    return Catalogue(
        **item_columns(columns, position),
        categories=tuple(categories),
        category_names=tuple(row[1] for row in tree),
        category_parent=np.array([position.get(row[3], -1) for row in tree], dtype=np.int32),
        near=_links(near, len(items)),
        linear=_linear(database, number),
        vectors=_vectors(database, number, context),
    )


def read_items(database: Database) -> Row:
    """Columns of all items, sorted by id."""
    columns: Row = {}
    after = ""
    while True:
        (page,) = read_rows(database, "serve/catalogue", after=after, limit=PAGE)
        if not columns:
            columns = page
        else:
            for name, values in page.items():
                columns[name].extend(values)
        if len(page["items"]) < PAGE:
            return columns
        after = page["items"][-1]


def item_columns(columns: Row, category_position: Mapping[str, int]) -> dict[str, Any]:
    """Rows of ``serve/catalogue`` as the fields of a `Catalogue`."""
    pairs = [
        (at, category_position[name])
        for at, names in enumerate(columns["categories"])
        for name in names
        if name in category_position
    ]
    member = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return {
        "items": tuple(columns["items"]),
        "titles": columns["titles"],
        "brands": columns["brands"],
        "communities": columns["communities"],
        "price": np.array(columns["prices"], dtype=np.float32),
        "open": np.array(columns["open"], dtype=np.bool_),
        "trend": np.array(columns["trends"], dtype=np.float32),
        "buyers": np.array(columns["buyers"], dtype=np.float32),
        "repeat_rate": np.array(columns["repeatRates"], dtype=np.float32),
        "member": Links.of(member[:, 0], member[:, 1], np.ones(len(member)), len(columns["items"])),
    }


def _links(triples: Sequence[tuple[int, int, float]], rows: int) -> Links:
    found = np.array(triples, dtype=np.float64).reshape(-1, 3)
    return Links.of(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2], rows)


def _linear(database: Database, number: Mapping[str, int]) -> Links:
    parts = database.read("serve/linear")
    if not parts:
        return Links.none(len(number))
    found = unpack_arrays(join_parts(row["data"] for row in parts))
    covered = np.array(
        [number.get(item, -1) for item in unpack_texts(found["bytes"], found["lengths"])], dtype=np.int64
    )
    item, other, score = covered[found["item"]], covered[found["other"]], found["score"].astype(np.float64)
    known = (item >= 0) & (other >= 0)
    return Links.of(item[known], other[known], score[known], len(number))


def _vectors(database: Database, number: Mapping[str, int], context: Context) -> NDArray[np.float16] | None:
    if context.embedding_run is None:
        return None
    query = load_query("embed/export_item_vectors")
    found: NDArray[np.float16] | None = None
    for item, vector in database.stream(query.beside() if context.vectors_beside else query):
        if found is None:
            found = np.zeros((len(number), len(vector)), dtype=np.float16)
        if item in number and len(vector) == found.shape[1]:
            found[number[item]] = vector
    return found


def pack(catalogue: Catalogue) -> dict[str, NDArray[Any]]:
    """A catalogue as named arrays."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(catalogue, name) for name in ARRAYS}
    for name in TEXTS:
        for kind, array in pack_texts(getattr(catalogue, name)).items():
            arrays[f"{name}_{kind}"] = array
    for name in LINKS:
        links: Links = getattr(catalogue, name)
        arrays |= {f"{name}_start": links.start, f"{name}_other": links.other, f"{name}_score": links.score}
    if catalogue.vectors is not None:
        arrays["vectors"] = catalogue.vectors
    return arrays


def unpack(arrays: Mapping[str, NDArray[Any]]) -> Catalogue:
    """What `pack` was given."""
    texts = {name: unpack_texts(arrays[f"{name}_bytes"], arrays[f"{name}_lengths"]) for name in TEXTS}
    links = {name: Links(arrays[f"{name}_start"], arrays[f"{name}_other"], arrays[f"{name}_score"]) for name in LINKS}
    return Catalogue(
        items=tuple(texts["items"]),
        titles=texts["titles"],
        brands=texts["brands"],
        communities=texts["communities"],
        categories=tuple(texts["categories"]),
        category_names=tuple(texts["category_names"]),
        price=arrays["price"],
        open=arrays["open"],
        trend=arrays["trend"],
        buyers=arrays["buyers"],
        repeat_rate=arrays["repeat_rate"],
        category_parent=arrays["category_parent"],
        member=links["member"],
        near=links["near"],
        linear=links["linear"],
        vectors=arrays.get("vectors"),
    )
