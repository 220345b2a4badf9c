// purpose: Note that an enrichment begins; the last one is complete until its first write.
// parameters: runId STRING, token STRING, properties MAP
// returns: none
// mode: WRITE
MERGE (run:EnrichRun {runId: $runId})
SET run += $properties, run.status = 'writing', run.token = $token
