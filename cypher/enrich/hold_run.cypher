// purpose: Lock the enrichment that writes, for one transaction; nothing is returned when another one took over.
// parameters: runId STRING, token STRING
// returns: runId STRING
// mode: WRITE
MATCH (run:EnrichRun {runId: $runId, token: $token})
SET run.token = $token
RETURN run.runId AS runId
