// purpose: Candidates for users from five sources, each with its raw score, best first:
// own (time-weighted relationships), similar (SIMILAR_TO of the strongest own items), vector (nearest embeddings),
// category (share of interest x share of the category's trend). asOf in epoch milliseconds; halfLives in days by
// behaviour; category: only items of that category or below it, or null. Discontinued items are never among them.
// parameters: userIds LIST<STRING>, asOf INTEGER, halfLives MAP, useVectors BOOLEAN, excludeSeen BOOLEAN, category STRING, limit INTEGER, seeds INTEGER, interests INTEGER
// returns: userId STRING, own LIST<LIST<ANY>>, similar LIST<LIST<ANY>>, vector LIST<LIST<ANY>>, category LIST<LIST<ANY>>, disliked LIST<STRING>, seen LIST<STRING>
// mode: READ
UNWIND $userIds AS userId
MATCH (u:User {userId: userId})
CALL (u) {
  MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i:Item)
  WITH i, sum(r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])) AS score
  ORDER BY score DESC, i.itemId
  RETURN collect({item: i, score: score}) AS owned
}
CALL (owned) {
  UNWIND owned AS candidate
  WITH candidate.item AS i, candidate.score AS score
  WHERE score > 0 AND NOT coalesce(i.discontinued, false) AND NOT $excludeSeen AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
  WITH i, score LIMIT $limit
  RETURN collect([i.itemId, score]) AS own
}
CALL (u, owned) {
  UNWIND owned[..$seeds] AS seed
  WITH u, seed
  WHERE seed.score > 0
  WITH u, seed.item AS seedItem, log(1 + seed.score) AS strength
  MATCH (seedItem)-[s:SIMILAR_TO]->(i:Item)
  WITH u, i, sum(strength * s.score) AS score
  WHERE NOT coalesce(i.discontinued, false) AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
    AND NOT ($excludeSeen AND EXISTS { (u)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i) })
  WITH i, score
  ORDER BY score DESC, i.itemId LIMIT $limit
  RETURN collect([i.itemId, score]) AS similar
}
CALL (u) {
  WITH u
  WHERE $useVectors AND u.embedding IS NOT NULL
  CALL db.index.vector.queryNodes(
    'item_embedding', CASE WHEN $category IS NULL AND NOT $excludeSeen THEN $limit ELSE 5 * $limit END, u.embedding
  ) YIELD node AS i, score
  WHERE NOT coalesce(i.discontinued, false) AND ($category IS NULL OR EXISTS { (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
    AND NOT ($excludeSeen AND EXISTS { (u)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i) })
  WITH i, score LIMIT $limit
  RETURN collect([i.itemId, score]) AS vector
}
CALL (u) {
  MATCH (u)-[w:INTERESTED_IN]->(c:Category)
  WHERE EXISTS { (c)<-[:IN_CATEGORY]-() }
    AND ($category IS NULL OR EXISTS { (c)-[:CHILD_OF*0..]->(:Category {categoryId: $category}) })
  WITH u, c, w.share AS share
  ORDER BY share DESC, c.categoryId LIMIT $interests
  CALL (c) {
    MATCH (c)<-[:IN_CATEGORY]-(i:Item)
    WHERE i.trend > 0
    RETURN sum(i.trend) AS total
  }
  CALL (u, c) {
    MATCH (c)<-[:IN_CATEGORY]-(i:Item)
    WHERE i.trend > 0 AND NOT coalesce(i.discontinued, false) AND NOT ($excludeSeen AND EXISTS { (u)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i) })
    RETURN i
    ORDER BY i.trend DESC, i.itemId LIMIT 20
  }
  WITH i, sum(share * i.trend / total) AS score
  ORDER BY score DESC, i.itemId LIMIT $limit
  RETURN collect([i.itemId, score]) AS category
}
RETURN u.userId AS userId, own, similar, vector, category,
       [candidate IN owned WHERE candidate.score <= 0 | candidate.item.itemId] AS disliked,
       CASE WHEN $excludeSeen THEN [candidate IN owned | candidate.item.itemId] ELSE [] END AS seen
