// purpose: Which state the graph is in: graph changes with loads, enrichments, vectors and rankers; events with single
// events that were recorded or streamed.
// parameters: none
// returns: graph STRING, events STRING, lastEventAt INTEGER
// mode: READ
OPTIONAL MATCH (l:Load)
WITH sum(CASE WHEN l.route = 'record' THEN 0 ELSE 1 END) AS loads,
     max(CASE WHEN l.route = 'record' THEN 0 ELSE l.endedAt.epochMillis END) AS endedAt,
     sum(CASE WHEN l.route = 'record' THEN coalesce(l.events, 0) ELSE 0 END) AS events,
     max(l.lastEventAt.epochMillis) AS lastEventAt
OPTIONAL MATCH (e:EnrichRun {status: 'complete'})
WITH loads, endedAt, events, lastEventAt, collect(e.runId)[0] AS enrichRun
OPTIONAL MATCH (v:EmbeddingRun {status: 'active'})
WITH loads, endedAt, events, lastEventAt, enrichRun, collect(v.runId + CASE WHEN coalesce(v.beside, false) THEN '+' ELSE '' END)[0] AS embeddingRun
OPTIONAL MATCH (r:Ranker {status: 'active'})
WITH loads, endedAt, events, lastEventAt, enrichRun, embeddingRun, collect(r.rankerId)[0] AS ranker
RETURN toString(loads) + ' ' + toString(coalesce(endedAt, 0)) + ' ' + coalesce(enrichRun, '-') + ' '
         + coalesce(embeddingRun, '-') + ' ' + coalesce(ranker, '-') AS graph,
       toString(events) AS events, lastEventAt
