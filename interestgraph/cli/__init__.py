"""The command line: thin over the client."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; errors of the package become one line on stderr and exit code 1."""
    from interestgraph.cli.app import app
    from interestgraph.errors import InterestGraphError

    try:
        app(prog_name="interestgraph")
    except InterestGraphError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BufferError as error:
        # The driver, when Ctrl-C comes while it waits for the server and it closes its session.
        if not _interrupted(error):
            raise
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader went away (as in `| head`); Python would complain once more when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _interrupted(error: BaseException) -> bool:
    """Whether an error came of Ctrl-C."""
    cause = error.__context__
    return cause is not None and (isinstance(cause, KeyboardInterrupt) or _interrupted(cause))
