// purpose: What users did and are interested in, with the state of the graph (as serve/version): all that ranking
// needs of them, in one round trip. Users that are not there come without a vector and with empty lists. doings: one
// list a behaviour: type, items, weights, counts, firstAt, lastAt (epoch milliseconds).
// parameters: userIds LIST<STRING>
// returns: userId STRING, known BOOLEAN, doings LIST<LIST<ANY>>, categories LIST<STRING>, shares LIST<FLOAT>, communityId STRING, embedding LIST<FLOAT>, graph STRING, events STRING, lastEventAt INTEGER
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
WITH toString(loads) + ' ' + toString(coalesce(endedAt, 0)) + ' ' + coalesce(enrichRun, '-') + ' '
       + coalesce(embeddingRun, '-') + ' ' + coalesce(ranker, '-') AS graph,
     toString(events) AS events, lastEventAt, embeddingRun
UNWIND $userIds AS userId
OPTIONAL MATCH (u:User {userId: userId})
CALL (u) {
  MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i:Item)
  WITH type(r) AS behaviour, collect(i.itemId) AS items, collect(r.weight) AS weights, collect(r.count) AS counts,
       collect(r.firstAt.epochMillis) AS firstAt, collect(r.lastAt.epochMillis) AS lastAt
  RETURN collect([behaviour, items, weights, counts, firstAt, lastAt]) AS doings
}
CALL (u) {
  MATCH (u)-[w:INTERESTED_IN]->(c:Category)
  RETURN collect(c.categoryId) AS categories, collect(w.share) AS shares
}
RETURN userId, u IS NOT NULL AS known, doings, categories, shares, u.communityId AS communityId,
       CASE WHEN embeddingRun IS NULL THEN null ELSE u.embedding END AS embedding, graph, events, lastEventAt
