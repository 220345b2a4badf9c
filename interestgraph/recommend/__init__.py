"""Recommend: candidates, blend, reasons; and the questions beside it: similar, profile, explain, trending."""
