// purpose: Take the vectors off Category nodes that have one which is not of the run, up to a number of nodes; 0 when none is left.
// parameters: runId STRING, limit INTEGER
// returns: cleared INTEGER
// mode: WRITE
MATCH (run:EmbeddingRun {runId: $runId})
WHERE run.status = 'writing' OR (run.beside AND NOT EXISTS { MATCH (:EmbeddingRun {status: 'writing'}) })
MATCH (n:Category)
WHERE n.embedding IS NOT NULL AND n.embeddingRun <> $runId
WITH n LIMIT $limit
SET n.embedding = null, n.embeddingRun = null, n.embeddingFolded = null
RETURN count(n) AS cleared
