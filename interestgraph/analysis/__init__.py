"""The questions of ``cypher/analysis/``: what they are, how they are asked, and what comes back."""
