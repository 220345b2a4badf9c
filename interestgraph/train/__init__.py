"""Train: history replayed on a scratch server, and the ranker learnt from what came next."""
