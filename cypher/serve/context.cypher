// purpose: What serving needs to know of the graph: behaviours, the last event, the runs that are complete.
// parameters: none
// returns: behaviours LIST<MAP>, lastEventAt INTEGER, enrichRun STRING, embeddingRun STRING
// mode: READ
OPTIONAL MATCH (b:Behaviour)
WITH collect(b {.name, .strength, .halfLife, .primary}) AS behaviours
OPTIONAL MATCH (l:Load)
WITH behaviours, max(l.lastEventAt.epochMillis) AS lastEventAt
OPTIONAL MATCH (e:EnrichRun {status: 'complete'})
WITH behaviours, lastEventAt, collect(e.runId)[0] AS enrichRun
OPTIONAL MATCH (v:EmbeddingRun {status: 'active'})
RETURN behaviours, lastEventAt, enrichRun, collect(v.runId)[0] AS embeddingRun
