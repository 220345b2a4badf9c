// purpose: Remove a run that does not serve, with its vectors; nothing is returned when it serves.
// parameters: runId STRING
// returns: runId STRING
// mode: WRITE
MATCH (run:EmbeddingRun {runId: $runId})
WHERE run.status <> 'active'
OPTIONAL MATCH (part:VectorPart {runId: $runId})
DETACH DELETE part
WITH DISTINCT run, run.runId AS runId
DETACH DELETE run
RETURN runId
