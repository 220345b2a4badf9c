// purpose: The vectors of some users, and the items around them that have one, the strongest first: ids, time-weighted
// weights, events. asOf in epoch milliseconds; halfLives in days and factors by behaviour.
// parameters: ids LIST<STRING>, asOf INTEGER, halfLives MAP, factors MAP, limit INTEGER
// returns: id STRING, vector LIST<FLOAT>, near LIST<STRING>, weights LIST<FLOAT>, events LIST<INTEGER>, above LIST<STRING>
// mode: READ
UNWIND $ids AS id
MATCH (n:User {userId: id})
CALL (n) {
  MATCH (n)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(o:Item)
  WITH o, sum(r.weight * $factors[type(r)] * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])) AS weight,
       sum(r.count) AS events
  WHERE weight > 0 AND o.embedding IS NOT NULL
  WITH o, weight, events
  ORDER BY weight DESC LIMIT $limit
  RETURN collect(o.itemId) AS near, collect(weight) AS weights, collect(events) AS events
}
RETURN id, n.embedding AS vector, near, weights, events, [] AS above
