// purpose: Make a run the one that serves, and note those before it as replaced.
// parameters: runId STRING, properties MAP
// returns: none
// mode: WRITE
OPTIONAL MATCH (old:EmbeddingRun {status: 'active'})
SET old.status = 'replaced'
WITH count(*) AS ignored
MATCH (run:EmbeddingRun {runId: $runId})
SET run += $properties, run.status = 'active'
