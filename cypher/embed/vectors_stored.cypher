// purpose: Note that all vectors of a run are stored.
// parameters: runId STRING
// returns: none
// mode: WRITE
MATCH (run:EmbeddingRun {runId: $runId})
SET run.stored = true
