// purpose: Whether a run is writing, serves, was replaced or was interrupted.
// parameters: runId STRING
// returns: status STRING
// mode: READ
MATCH (run:EmbeddingRun {runId: $runId})
RETURN run.status AS status
