// purpose: Note that an enrichment begins to write; the one before no longer counts as complete, and one that still
// writes stops at its next batch, since it does not hold the token any more.
// parameters: runId STRING, token STRING, properties MAP
// returns: none
// mode: WRITE
OPTIONAL MATCH (other:EnrichRun)
SET other.status = 'replaced', other.token = null
WITH count(*) AS ignored
MERGE (run:EnrichRun {runId: $runId})
SET run += $properties, run.status = 'writing', run.token = $token
