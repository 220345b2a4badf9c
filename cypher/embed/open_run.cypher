// purpose: Note that an embedding run begins to write; one that was writing before was interrupted.
// parameters: runId STRING, properties MAP
// returns: none
// mode: WRITE
OPTIONAL MATCH (stale:EmbeddingRun {status: 'writing'})
SET stale.status = 'interrupted'
WITH count(*) AS ignored
CREATE (run:EmbeddingRun {runId: $runId, status: 'writing'})
SET run += $properties
