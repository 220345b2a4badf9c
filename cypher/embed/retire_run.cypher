// purpose: Take the active run out of service, before vectors of other dimensions replace its own.
// parameters: none
// returns: none
// mode: WRITE
MATCH (run:EmbeddingRun {status: 'active'})
SET run.status = 'replaced'
