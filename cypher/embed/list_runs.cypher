// purpose: All embedding runs, the latest last.
// parameters: none
// returns: run MAP
// mode: READ
MATCH (run:EmbeddingRun)
RETURN run {.*} AS run
ORDER BY run.startedAt, run.runId
