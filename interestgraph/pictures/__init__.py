"""Pictures of a graph: the report page, and the interest graph of one user."""
