// purpose: What folding in needs to know: the run that serves, the behaviours with their factors, and the last event.
// parameters: none
// returns: run MAP, behaviours LIST<MAP>, lastEventAt INTEGER
// mode: READ
OPTIONAL MATCH (run:EmbeddingRun {status: 'active'})
WITH collect(run {.runId, .dimensions, .beside, .stored, .parameters})[0] AS run
OPTIONAL MATCH (b:Behaviour)
WITH run, collect(b {.name, .strength, .halfLife}) AS behaviours
OPTIONAL MATCH (l:Load)
RETURN run, behaviours, max(l.lastEventAt.epochMillis) AS lastEventAt
