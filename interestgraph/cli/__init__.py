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
    except BrokenPipeError:
        # The reader went away (as in `| head`); Python would complain once more when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
