// purpose: The pruned relationships of some users, under lock; data: see `interestgraph.ingest.pruned`.
// parameters: userIds LIST<STRING>
// returns: userId STRING, data BYTES
// mode: WRITE
UNWIND $userIds AS userId
MATCH (p:Pruned {userId: userId})
SET p.pairs = p.pairs
WITH p
RETURN p.userId AS userId, p.data AS data
