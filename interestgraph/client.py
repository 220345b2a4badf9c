"""The Python client: one method per use, each a call of the stage that does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from interestgraph.answers import AnswerMethods
from interestgraph.drawings import DrawingMethods
from interestgraph.errors import ConfigurationError
from interestgraph.model import Progress
from interestgraph.settings import Settings, load_settings
from interestgraph.upkeep import UpkeepMethods
from interestgraph.vectors import VectorMethods

if TYPE_CHECKING:
    import neo4j

    from interestgraph.analysis.answer import Answer
    from interestgraph.browser.serve import BrowserPage
    from interestgraph.embed.estimate import EmbedEstimate
    from interestgraph.embed.fold_in import Folder
    from interestgraph.embed.run import EmbedConfig, EmbedReport
    from interestgraph.enrich.enrich import EnrichConfig, EnrichReport
    from interestgraph.evaluate.temporal import EvaluateConfig, EvaluateReport
    from interestgraph.ingest.compact import CompactReport
    from interestgraph.ingest.load import LoadReport
    from interestgraph.ingest.prepare import Only
    from interestgraph.ingest.preview import LoadPreview
    from interestgraph.ingest.record import Event
    from interestgraph.ingest.unload import UnloadReport
    from interestgraph.neo4j.connection import Database
    from interestgraph.status import GraphStatus
    from interestgraph.stream.run import StreamConfig, StreamReport, StreamState
    from interestgraph.train.train import TrainConfig, TrainReport


class InterestGraph(AnswerMethods, UpkeepMethods, VectorMethods, DrawingMethods):
    """An interest graph in a Neo4j database.

    ::

        with InterestGraph() as graph:
            for item in graph.recommend("1228", n=10):
                print(item.title, item.reason)

    Args:
        uri: Bolt or neo4j URI. None: ``NEO4J_URI`` if it is set, else the private server, which is started when it
            is not running (and stays up: `interestgraph db stop` stops it).
        driver: a connected `neo4j.Driver` instead of a URI; it is used and never closed.
        username, password, database: default to ``NEO4J_USERNAME``, ``NEO4J_PASSWORD``, ``NEO4J_DATABASE``.
        home: folder of the private server; default ``INTERESTGRAPH_HOME``.
        on_start: called with one line of text when the private server is being started.

    Raises:
        ConfigurationError, AuthenticationError, UnavailableError, ServerError: no connection; the message says why.
    """

    def __init__(
        self,
        uri: str | None = None,
        *,
        driver: neo4j.Driver | None = None,
        username: str | None = None,
        password: str | None = None,
        database: str | None = None,
        home: str | Path | None = None,
        on_start: Callable[[str], None] | None = None,
    ) -> None:
        from interestgraph.neo4j.connection import Database, connect

        if uri is not None and driver is not None:
            raise ConfigurationError("give a URI or a driver, not both")
        self.settings: Settings = load_settings(
            neo4j_uri=uri,
            neo4j_username=username,
            neo4j_password=password,
            neo4j_database=database,
            home=Path(home) if home is not None else None,
        )
        self._private = driver is None and self.settings.neo4j_uri is None
        if driver is not None:
            self._database = Database(driver, self.settings.neo4j_database)
        else:
            self._database = connect(self.settings, on_start)
        self._folder: Folder | None = None

    def __enter__(self) -> InterestGraph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, unless it came from outside; a private server stays up."""
        self._database.close()

    @property
    def database(self) -> Database:
        """The database underneath, for Cypher of one's own: ``graph.database.read("MATCH …", name=value)``."""
        return self._database

    def load(
        self,
        loader: str,
        data: str | Path | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Only | None = None,
        max_rejected: str | None = None,
        replace: str | None = None,
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load a log; see `interestgraph.ingest.load.load`.

        Args:
            loader: name of a shipped specification, or path of a TOML file.
            data: file or folder; None: the package that brings the data.
            since, until: only events at or after, and before, these moments.
            only: ``items`` or ``users``: only the catalogue, or the users' attributes.
            max_rejected: nothing is written when more rows are rejected: a number, or ``1%`` of the rows.
            replace: id of a load that is taken out first.
            progress: called with step, rows done, rows in all.
        """
        from interestgraph.ingest.load import LoadConfig, load
        from interestgraph.ingest.offline import OfflineImporter

        def imported(step: str, share: float) -> None:
            if progress:
                progress(step, round(share * 100), 100)

        config = LoadConfig(loader, _path(data), since, until, only, max_rejected, replace)
        offline = OfflineImporter(self.settings, imported) if self._private else None
        folder = self.settings.home / "rejected"
        return load(self._database, config, rejected_folder=folder, offline=offline, progress=progress)

    def preview(
        self,
        loader: str,
        data: str | Path | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Only | None = None,
        max_rejected: str | None = None,
        replace: str | None = None,
        progress: Progress | None = None,
    ) -> LoadPreview:
        """What `load` with the same arguments would change; nothing is written."""
        from interestgraph.ingest.prepare import LoadConfig
        from interestgraph.ingest.preview import preview

        config = LoadConfig(loader, _path(data), since, until, only, max_rejected, replace)
        return preview(self._database, config, progress)

    def unload(self, load_id: str, *, progress: Progress | None = None) -> UnloadReport:
        """Take a load out again; see `interestgraph.ingest.unload.unload`."""
        from interestgraph.ingest.unload import unload

        return unload(self._database, load_id, progress)

    def compact(self, before: datetime, *, progress: Progress | None = None) -> CompactReport:
        """Drop the ids of old events from the ledger; see `interestgraph.ingest.compact.compact`."""
        from interestgraph.ingest.compact import compact

        return compact(self._database, before, progress)

    def stream(
        self,
        config: StreamConfig,
        *,
        stop: Callable[[], bool] = lambda: False,
        show: Callable[[StreamState], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> StreamReport:
        """Apply events as they arrive, until `stop` says so; see `interestgraph.stream.run.stream`."""
        from interestgraph.stream.run import stream

        folder = self.settings.home / "rejected"
        return stream(self._database, config, rejected_folder=folder, stop=stop, show=show, say=say)

    def enrich(
        self, config: EnrichConfig | None = None, *, if_changed: bool = False, progress: Progress | None = None
    ) -> EnrichReport:
        """Compute similarity, trends, interests and communities; see `interestgraph.enrich.enrich.enrich`."""
        from interestgraph.enrich.enrich import EnrichConfig, enrich

        report = enrich(self._database, config or EnrichConfig(), progress, if_changed=if_changed)
        if report.changed:
            self._pack()
        return report

    def embed(
        self,
        config: EmbedConfig | None = None,
        *,
        walks_file: str | Path | None = None,
        walks_out: str | Path | None = None,
        vectors_out: str | Path | None = None,
        replace_index: bool = False,
        if_changed: bool = False,
        keep_runs: int | None = None,
        progress: Progress | None = None,
    ) -> EmbedReport:
        """Learn vectors and write them to the nodes; see `interestgraph.embed.run.embed`.

        The state of a long run is kept in the folder ``checkpoints`` of `settings.home`; the same call after a kill
        goes on from there.
        """
        from interestgraph.embed.run import EmbedConfig, embed
        from interestgraph.embed.store import KEEP_RUNS

        report = embed(
            self._database,
            config or EmbedConfig(),
            walks_file=_path(walks_file),
            walks_out=_path(walks_out),
            vectors_out=_path(vectors_out),
            replace_index=replace_index,
            if_changed=if_changed,
            keep_runs=KEEP_RUNS if keep_runs is None else keep_runs,
            checkpoints=self.settings.home / "checkpoints",
            progress=progress,
        )
        if report.changed:
            self._pack()
        return report

    def estimate_embed(self, config: EmbedConfig | None = None, *, seconds: float = 5.0) -> EmbedEstimate:
        """What `embed` would take in time and memory, from a probe of about `seconds` on this machine."""
        from interestgraph.embed.plan import estimate
        from interestgraph.embed.run import EmbedConfig

        return estimate(self._database, config or EmbedConfig(), seconds)

    def export_walks(
        self, path: str | Path, config: EmbedConfig | None = None, *, progress: Progress | None = None
    ) -> int:
        """Write walks to a ``.parquet``, ``.txt`` or ``.txt.gz`` file; returns their number."""
        from interestgraph.embed.run import EmbedConfig, export_walks

        return export_walks(self._database, Path(path), config or EmbedConfig(), progress)

    def record(
        self,
        user: str,
        item: str,
        behaviour: str = "PURCHASED",
        *,
        at: datetime | None = None,
        value: float | None = None,
        quantity: float | None = None,
    ) -> None:
        """Record one event, at once visible to `recommend`, `profile`, `trending` and `neighbours`.

        Args:
            user, item: ids; nodes that are not there yet are made.
            behaviour: one of `interestgraph.model.BEHAVIOURS`.
            at: when it happened; None: now.
            value, quantity: of the event.
        """
        from interestgraph.ingest.record import Event

        self.record_many([Event(user, item, behaviour, at or datetime.now(UTC), value, quantity)])

    def record_many(self, events: Sequence[Event]) -> None:
        """Record events in one transaction: all of them or none; see `interestgraph.ingest.record.record`.

        Where the graph has vectors, those of the users, and of items that are new, follow in the same transaction; see
        `interestgraph.embed.fold_in`.
        """
        from interestgraph.embed.fold_in import Folder
        from interestgraph.ingest.record import record

        if self._folder is None:
            self._folder = Folder(self._database)
        record(self._database, events, also=self._folder.events)

    def train(self, config: TrainConfig, *, progress: Progress | None = None) -> TrainReport:
        """Learn a ranker on a scratch server and store it in the graph; see `interestgraph.train.train.train`."""
        from interestgraph.train.train import train

        report = train(self._database, self.settings, config, progress)
        self._pack()
        return report

    def _pack(self) -> None:
        """Keep what serving reads of the items as bytes in the graph, where the graph is enriched."""
        from interestgraph.recommend.build import store_pack

        store_pack(self._database)

    def evaluate(self, config: EvaluateConfig, *, progress: Progress | None = None) -> EvaluateReport:
        """Compare the platform with tuned baselines on a split, on a scratch private server of its own."""
        from interestgraph.evaluate.temporal import evaluate

        return evaluate(self.settings, config, progress)

    def status(self) -> GraphStatus:
        """What the graph holds: counts, loads, runs."""
        from interestgraph.status import read_status

        return read_status(self._database)

    def query(
        self,
        name: str,
        /,
        *,
        behaviour: str | None = None,
        timeout: float | None = None,
        rows: int | None = None,
        **parameters: Any,
    ) -> Answer:
        """Ask a question of the library: ``graph.query("rising_items", days=28).to_pandas()``.

        `interestgraph query list` names all questions, docs/analysis.md describes them.

        Args:
            name: of the question.
            behaviour: which events are asked about; None: purchases, else the primary behaviour.
            timeout: seconds that it may take; None: 60.
            rows: most rows, up to the limit of the question.
            parameters: of the question; those that are not given have their defaults.

        Raises:
            ConfigurationError: there is no such question, or a parameter is unknown, missing or of another type.
            QueryError: it took longer than `timeout`.
        """
        from interestgraph.analysis.ask import TIMEOUT, ask

        limit = TIMEOUT if timeout is None else timeout
        return ask(self._database, name, parameters, timeout=limit, rows=rows, behaviour=behaviour)

    def query_plan(self, name: str, /, *, behaviour: str | None = None, **parameters: Any) -> list[str]:
        """The server's plan for a question, one operator a line; nothing is run."""
        from interestgraph.analysis.ask import plan

        return plan(self._database, name, parameters, behaviour)

    def browser(self, *, port: int = 0) -> AbstractContextManager[BrowserPage]:
        """Prepare Neo4j Browser: a context with its address, during which guide and style sheet are served.

        ::

            with graph.browser() as page:
                webbrowser.open(page.address)
                input("Enter ends it")

        Args:
            port: of the guide on localhost; 0: any free one.
        """
        from interestgraph.browser.serve import opened

        return opened(self._database, self.settings, port=port)

    def cypher(self, query: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """Run a read-only statement, or a query file by its name (``serve/trending``), and return its rows."""
        return self._database.read(query, **parameters)


def _path(value: str | Path | None) -> Path | None:
    return None if value is None else Path(value)
