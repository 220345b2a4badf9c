"""``python -m interestgraph``."""

from interestgraph.cli import main

main()
