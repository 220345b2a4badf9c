"""A private Neo4j Community: started as a child that outlives this process, found again by any later one.

Files in the home folder::

    password            0600; made once, kept by `reset`
    ports.json          ports chosen once and used again
    conf/neo4j.conf     written at every start
    data/               the graph
    logs/               console.log is what the process printed
    run/server.json     process id and start time of the running server
    import/             staging of an offline import (`interestgraph.neo4j.admin`)
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from interestgraph.errors import DiskSpaceError, PortError, ServerError
from interestgraph.neo4j import jars, swap
from interestgraph.neo4j.health import CutOffError, HeapError, RestartError, UnusableError, answers
from interestgraph.neo4j.java import (
    Java,
    admin_command,
    configuration,
    find_java,
    java_environment,
    run_streaming,
    server_command,
    telling_line,
)
from interestgraph.neo4j.ports import HOST, Progress, choose_ports, port_answers, write_json
from interestgraph.settings import NEO4J_VERSION, Settings

_MIB = 1 << 20
_FREE_BYTES = 1024 * _MIB
_START_SECONDS = 300.0


@dataclass(frozen=True)
class ServerInfo:
    """Where a private server is and how to sign in."""

    home: Path
    bolt_uri: str
    http_url: str
    """Without a final slash; Neo4j Browser is at ``/browser/`` below it."""
    username: str
    password: str = field(repr=False)
    password_file: Path
    pid: int
    version: str
    log_file: Path


class PrivateServer:
    """The private server of the folder ``settings.home``. Cheap to make; nothing runs before `start`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home
        self.password_file = self.home / "password"
        self.log_file = self.home / "logs" / "console.log"
        self.data = self.home / "data"
        self._state_file = self.home / "run" / "server.json"
        self._held = 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process (and other objects for the same home) from starting or stopping it."""
        if self._held:
            yield
            return
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ServerError(f"cannot make {self.home}: {error.strerror}; set INTERESTGRAPH_HOME") from error
        with jars.exclusive(self.home / "run" / "lock"):
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1

    def start(self, progress: Progress | None = None, timeout: float = _START_SECONDS) -> ServerInfo:
        """Start the server, or find the one that runs, and return when it answers a query over Bolt.

        Args:
            progress: called with one line of text before each longer step, and when ports change.
            timeout: seconds until a server that neither answers nor ends is reported (it goes on starting).

        Raises:
            PortError: a port that the settings ask for is taken.
            DiskSpaceError: less than 1 GiB is free.
            JavaError, DownloadError: see `find_java` and `ensure_jars`.
            ServerError: it ended or did not get ready; the message has the telling line of its log.
        """
        tell = progress or (lambda _: None)
        with self.locked():
            if not self.is_running() and swap.restore(self.home):
                tell("an import was cut off while it put its graph in place: the graph before it is back")
            return self.launch(tell, timeout)

    def launch(self, tell: Progress, timeout: float = _START_SECONDS) -> ServerInfo:
        """Start as `start` does, but keep the graph that an import put in place if it answers."""
        with self.locked():
            info = self._join(timeout) or self._spawn_ready(tell, timeout)
            swap.commit(self.home)
            return info

    def stop(self, timeout: float = 60.0, force: bool = False) -> bool:
        """Stop the server and wait until its process has ended; return whether one was running.

        The first stop after an installation takes some seconds more: Java writes its archive of loaded
        classes, which makes all later starts faster.

        Args:
            timeout: seconds.
            force: kill the process after `timeout` (nothing committed is lost).

        Raises:
            ServerError: it did not end in time (and `force` is not set).
        """
        with self.locked():
            info = self.status()
            if info and swap.is_pending(self.home) and answers(info):
                # An import was killed after its graph was in place and served: it must not be undone later.
                swap.commit(self.home)
            return self.halt(timeout, force)

    def halt(self, timeout: float = 60.0, force: bool = False) -> bool:
        """Stop as `stop` does, and leave the question whether an import's graph is kept to the caller."""
        with self.locked():
            process = self._process()
            if process is not None:
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
                    self._await_end(process, timeout, force)
            self._state_file.unlink(missing_ok=True)
            return process is not None

    def status(self) -> ServerInfo | None:
        """Return the running server, or None. A stale or reused process id counts as not running."""
        process = self._process()
        return None if process is None else self._info(process)

    def is_running(self) -> bool:
        """Say whether the server's process is alive."""
        return self._process() is not None

    def reset(self) -> None:
        """Stop the server and delete its graph. Password, ports and logs stay."""
        with self.locked():
            self.stop()
            for folder in (self.data, swap.staging_folder(self.home)):
                shutil.rmtree(folder, ignore_errors=True)
            if self.data.exists():
                raise ServerError(f"cannot delete {self.data}: check its owner and permissions")

    def password(self) -> str:
        """Return the password of the user ``neo4j``, made at the first call.

        Raises:
            ServerError: there is a graph but its password file is gone.
        """
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            pass
        if self._has_system_database():
            raise ServerError(
                f"{self.password_file} is missing but {self.data} holds a graph: put the file back, or delete"
                " the graph with `interestgraph db reset`"
            )
        # The prefix keeps it from starting with a dash, which command lines take for an option.
        password = f"ig-{secrets.token_urlsafe(24)}"
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(password)
        return password

    def _has_system_database(self) -> bool:
        return (self.data / "databases" / "system").exists()

    def _state(self) -> dict[str, float]:
        try:
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
            return {name: state[name] for name in ("pid", "created", "bolt", "http")}
        except (OSError, ValueError, KeyError):
            return {}

    def _process(self) -> psutil.Process | None:
        state = self._state()
        if not state:
            return None
        try:
            process = psutil.Process(int(state["pid"]))
            # Process ids are used again; the start time tells (2 s: the boot time it is counted from drifts).
            ours = abs(process.create_time() - state["created"]) < 2.0
            alive = ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if alive else None

    def _info(self, process: psutil.Process) -> ServerInfo:
        state = self._state()
        return ServerInfo(
            home=self.home,
            bolt_uri=f"bolt://{HOST}:{int(state['bolt'])}",
            http_url=f"http://{HOST}:{int(state['http'])}",
            username="neo4j",
            password=self.password(),
            password_file=self.password_file,
            pid=process.pid,
            version=NEO4J_VERSION,
            log_file=self.log_file,
        )

    def _join(self, timeout: float) -> ServerInfo | None:
        """Wait for the server that runs already; None when there is none, or when it was on its way out."""
        running = self._process()
        if running is None:
            return None
        try:
            return self._await_ready(running, timeout)
        except RestartError:
            self._check_space()
            self.halt(timeout=5.0, force=True)  # it may wait for space that it did not get
            return None
        except ServerError:
            if self.is_running():
                raise
            return None

    def _spawn_ready(
        self, tell: Progress, timeout: float, again: bool = True, repair: bool = False, roomy: bool = False
    ) -> ServerInfo:
        process = self._spawn_server(tell, repair, roomy)
        try:
            return self._await_ready(process, timeout)
        except PortError:
            if not again:
                raise
            # Another program was faster than this start; ports that were not asked for are chosen anew.
            return self._spawn_ready(tell, timeout, False, repair, roomy)
        except CutOffError:
            self.halt(timeout=5.0, force=True)
            if repair:
                raise
            # It was never reported as committed, and nothing of it is in the graph.
            tell("the last transaction was cut off (by a full disk, for one): starting without it")
            return self._spawn_ready(tell, timeout, again, True, roomy)
        except HeapError:
            if roomy:
                raise
            tell("opening the graph takes more memory than usual: starting with more")
            return self._spawn_ready(tell, timeout, again, repair, True)
        except UnusableError:
            self.halt(force=True)
            raise
        except KeyboardInterrupt:
            process.kill()
            raise

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < _FREE_BYTES:
            raise DiskSpaceError(
                f"{free // _MIB} MiB free in {self.home}, Neo4j needs {_FREE_BYTES // _MIB} MiB: free some,"
                " or set INTERESTGRAPH_HOME to another disk"
            )

    def _spawn_server(self, tell: Progress, repair: bool, roomy: bool) -> psutil.Process:
        self._check_space()
        java = find_java()
        lib = jars.ensure_jars(self.settings.cache, _jar_progress(tell))
        for folder in ("conf", "data", "logs", "run"):
            (self.home / folder).mkdir(exist_ok=True)
        bolt, http = choose_ports(self.settings, tell)
        (self.home / "conf" / "neo4j.conf").write_text(configuration(bolt, http, repair), encoding="utf-8")
        self._set_initial_password(java, lib)
        tell(f"starting Neo4j {NEO4J_VERSION} (Java {java.version}) on ports {bolt} and {http}")
        process = self._spawn(server_command(java, lib, self.home, self.settings.java_flags, roomy))
        state = {"pid": process.pid, "created": process.create_time(), "bolt": bolt, "http": http}
        write_json(self._state_file, state)
        return process

    def _spawn(self, command: list[str]) -> psutil.Process:
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".previous.log"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        # Not subprocess.Popen: its object warns when it is dropped while the child still runs, as ours shall.
        pid = os.posix_spawn(
            command[0],
            command,
            java_environment(self.home),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self.log_file), flags, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        return psutil.Process(pid)

    def _set_initial_password(self, java: Java, lib: Path) -> None:
        self.password()
        if self._has_system_database():
            return
        # `@file`: the tool reads the password from there, so that no process list shows it.
        arguments = ["dbms", "set-initial-password", f"@{self.password_file}"]
        command = admin_command(java, lib, arguments, self.settings.java_flags)
        log = self.home / "logs" / "set-initial-password.log"
        status, output = run_streaming(command, java_environment(self.home), log)
        if status != 0:
            raise ServerError(f"cannot set the initial password: {telling_line(output)}; see {log}")

    def _await_ready(self, process: psutil.Process, timeout: float) -> ServerInfo:
        info = self._info(process)
        deadline = time.monotonic() + timeout
        port = int(info.bolt_uri.rsplit(":", 1)[1])
        while not (port_answers(port) and answers(info)):
            if self._process() is None:
                self._raise_ended()
            if time.monotonic() > deadline:
                raise ServerError(f"Neo4j (process {info.pid}) is not ready after {timeout:.0f} s; see {self.log_file}")
            time.sleep(0.05)
        return info

    def _raise_ended(self) -> None:
        self._state_file.unlink(missing_ok=True)
        output = self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""
        line = telling_line(output)
        port = re.search(rf"(?:to the socket /|Address ){re.escape(HOST)}:(\d+)", output)
        if port and "already in use" in output:
            raise PortError(f"port {port[1]} was taken by another program while Neo4j started: start it again")
        if "store_lock" in line:
            raise ServerError(f"another Neo4j process uses {self.data}: stop that one first ({line})")
        if "No space left on device" in output:
            raise DiskSpaceError(f"the disk of {self.home} is full: free some space and start Neo4j again")
        if "OutOfMemoryError" in output:
            raise HeapError(f"Neo4j ran out of memory while opening the graph in {self.data}; see {self.log_file}")
        raise ServerError(f"Neo4j ended while starting: {line}; see {self.log_file}")

    def _await_end(self, process: psutil.Process, timeout: float, force: bool) -> None:
        if _ends(process, timeout):
            return
        if not force:
            raise ServerError(
                f"Neo4j (process {process.pid}) has not stopped after {timeout:.0f} s: see"
                f" {self.log_file}, or stop it by force (nothing committed is lost)"
            )
        process.kill()
        _ends(process, 10)


def _ends(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of a process; one that only its parent, another process, has not taken note of has ended."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(psutil.TimeoutExpired):
            process.wait(0.05)
            return True
        if process.status() == psutil.STATUS_ZOMBIE:
            with suppress(psutil.TimeoutExpired):
                process.wait(0.5)  # if it is a child of this process, it is gone after this
            return True
        if time.monotonic() > deadline:
            return False


def _jar_progress(tell: Progress) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            tell(f"fetching Neo4j {NEO4J_VERSION}: {done} of {total} files")

    return report
