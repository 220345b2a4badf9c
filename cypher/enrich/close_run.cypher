// purpose: Note that an enrichment is complete, and forget the earlier ones.
// parameters: runId STRING
// returns: none
// mode: WRITE
MATCH (run:EnrichRun {runId: $runId})
SET run.status = 'complete'
WITH run
MATCH (old:EnrichRun)
WHERE old <> run
DELETE old
