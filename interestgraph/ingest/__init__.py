"""Ingest: read, clean, aggregate, write. Log files and a loader specification become the graph."""
