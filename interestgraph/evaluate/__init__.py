"""Evaluate: leak-free quality on a temporal split."""
