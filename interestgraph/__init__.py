"""A graph-database-backed interest graph platform."""

__version__ = "0.1.0"
