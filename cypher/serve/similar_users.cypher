// purpose: Users with the nearest embeddings, with the categories that both are interested in and how many items they share.
// parameters: userId STRING, limit INTEGER
// returns: userId STRING, score FLOAT, sharedItems INTEGER, interests LIST<STRING>
// mode: READ
MATCH (a:User {userId: $userId})
WHERE a.embedding IS NOT NULL
CALL db.index.vector.queryNodes('user_embedding', $limit + 1, a.embedding) YIELD node AS u, score
WITH a, u, score
WHERE u <> a
WITH a, u, score LIMIT $limit
RETURN u.userId AS userId, 2 * score - 1 AS score,
       COUNT { MATCH (a)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i:Item)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(u) RETURN DISTINCT i } AS sharedItems,
       COLLECT {
         MATCH (a)-[x:INTERESTED_IN]->(c:Category)<-[y:INTERESTED_IN]-(u)
         WHERE c.level > 1 OR NOT EXISTS { (c)<-[:CHILD_OF]-() }
         RETURN c.name ORDER BY x.share * y.share DESC LIMIT 3
       } AS interests
ORDER BY score DESC, userId
