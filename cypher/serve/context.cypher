// purpose: What serving needs to know of the graph: behaviours, the last event, the runs that are complete.
// parameters: none
// returns: behaviours LIST<MAP>, lastEventAt INTEGER, enrichRun STRING, repeatShare FLOAT, embeddingRun STRING, vectorsBeside BOOLEAN
// mode: READ
OPTIONAL MATCH (b:Behaviour)
WITH collect(b {.name, .strength, .halfLife, .primary}) AS behaviours
OPTIONAL MATCH (l:Load)
WITH behaviours, max(l.lastEventAt.epochMillis) AS lastEventAt
OPTIONAL MATCH (e:EnrichRun {status: 'complete'})
WITH behaviours, lastEventAt, collect(e)[0] AS e
OPTIONAL MATCH (v:EmbeddingRun {status: 'active'})
RETURN behaviours, lastEventAt, e.runId AS enrichRun, e.repeatShare AS repeatShare, collect(v.runId)[0] AS embeddingRun,
       coalesce(collect(v.beside)[0], false) AS vectorsBeside
