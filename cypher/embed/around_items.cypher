// purpose: Those of some items whose vectors are not of the last training, and the users and categories around them that
// have vectors, the strongest first. asOf in epoch milliseconds; halfLives in days and factors by behaviour.
// parameters: ids LIST<STRING>, asOf INTEGER, halfLives MAP, factors MAP, limit INTEGER
// returns: id STRING, vector LIST<FLOAT>, near LIST<STRING>, weights LIST<FLOAT>, events LIST<INTEGER>, above LIST<STRING>
// mode: READ
UNWIND $ids AS id
MATCH (n:Item {itemId: id})
WHERE n.embedding IS NULL OR n.embeddingFolded
CALL (n) {
  MATCH (n)<-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(o:User)
  WITH o, sum(r.weight * $factors[type(r)] * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])) AS weight,
       sum(r.count) AS events
  WHERE weight > 0 AND o.embedding IS NOT NULL
  WITH o, weight, events
  ORDER BY weight DESC LIMIT $limit
  RETURN collect(o.userId) AS near, collect(weight) AS weights, collect(events) AS events
}
RETURN id, null AS vector, near, weights, events,
       COLLECT { MATCH (n)-[:IN_CATEGORY]->(c:Category) WHERE c.embedding IS NOT NULL RETURN c.categoryId } AS above
