// purpose: Enrichment runs: the complete one, and one that is being written or was interrupted.
// parameters: none
// returns: run MAP
// mode: READ
MATCH (run:EnrichRun)
RETURN run {.*} AS run
ORDER BY run.runId
