"""Enrich: similarity, trends, interests and communities, computed in memory and written back."""
