"""Benchmarks: one command each, ratios against a named peer or the straightforward way, versions printed."""
