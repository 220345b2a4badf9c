// purpose: Note that an enrichment begins; the last one is complete until its first write.
// parameters: runId STRING, properties MAP
// returns: none
// mode: WRITE
MERGE (run:EnrichRun {runId: $runId})
ON CREATE SET run += $properties
SET run.status = 'writing'
