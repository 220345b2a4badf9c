// purpose: Take the vectors that were built beside those that serve off Category nodes, up to a number of nodes; 0 when none is left.
// parameters: limit INTEGER
// returns: cleared INTEGER
// mode: WRITE
MATCH (n:Category)
WHERE n.embeddingNext IS NOT NULL
WITH n LIMIT $limit
SET n.embeddingNext = null, n.embeddingNextRun = null, n.embeddingNextFolded = null
RETURN count(n) AS cleared
