// purpose: What the graph knows about a user and some items: what speaks for each. strongest: the user's strongest items.
// asOf in epoch milliseconds; halfLives in days by behaviour.
// parameters: userId STRING, itemIds LIST<STRING>, strongest LIST<STRING>, asOf INTEGER, halfLives MAP
// returns: itemId STRING, title STRING, brand STRING, price FLOAT, categoryId STRING, path LIST<STRING>, trend FLOAT, buyers INTEGER, share FLOAT, near LIST<MAP>, cosine FLOAT, own LIST<MAP>
// mode: READ
OPTIONAL MATCH (u:User {userId: $userId})
UNWIND $itemIds AS itemId
MATCH (i:Item {itemId: itemId})
OPTIONAL MATCH (i)-[:IN_CATEGORY]->(c:Category)
WITH u, i, c ORDER BY c.categoryId
WITH u, i, collect(c)[0] AS c
OPTIONAL MATCH (u)-[w:INTERESTED_IN]->(c)
WITH u, i, c, w,
     COLLECT {
       MATCH (j:Item)-[s:SIMILAR_TO]->(i)
       WHERE j.itemId IN $strongest
       RETURN {itemId: j.itemId, title: j.title, score: s.score}
       ORDER BY s.score DESC
     } AS near
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand, i.price AS price, c.categoryId AS categoryId, c.path AS path, i.trend AS trend, i.buyers AS buyers,
       w.share AS share, near,
       CASE WHEN u.embedding IS NOT NULL AND i.embedding IS NOT NULL
            THEN 2 * vector.similarity.cosine(u.embedding, i.embedding) - 1 END AS cosine,
       COLLECT {
         MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
         RETURN {behaviour: type(r), count: r.count, lastAt: r.lastAt.epochMillis,
                 weight: r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])}
         ORDER BY r.weight DESC
       } AS own
