// purpose: Note that an embedding run begins to write; one that was writing before is cut off, and stops.
// parameters: runId STRING, properties MAP
// returns: none
// mode: WRITE
OPTIONAL MATCH (stale:EmbeddingRun {status: 'writing'})
SET stale.status = 'interrupted'
WITH count(*) AS ignored
MERGE (run:EmbeddingRun {runId: $runId})
SET run += $properties, run.status = 'writing'
