// purpose: Users with pruned relationships, and these; see `interestgraph.ingest.pruned`.
// parameters: none
// returns: userId STRING, data BYTES
// mode: READ
MATCH (p:Pruned)
RETURN p.userId AS userId, p.data AS data
