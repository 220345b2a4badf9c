// purpose: What the graph knows about a user and some items: what speaks for each. strength: the user's strongest items
// and their weights. alike: others who chose the item and the one or two of these that lead to it most; only of the
// items in counted.
// asOf in epoch milliseconds; halfLives in days by behaviour.
// parameters: userId STRING, itemIds LIST<STRING>, strength MAP, counted LIST<STRING>, asOf INTEGER, halfLives MAP
// returns: itemId STRING, title STRING, brand STRING, price FLOAT, categoryId STRING, path LIST<STRING>, trend FLOAT, buyers INTEGER, share FLOAT, near LIST<MAP>, cosine FLOAT, own LIST<MAP>, alike INTEGER
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
       WHERE $strength[j.itemId] IS NOT NULL
       WITH j, log(1 + $strength[j.itemId]) * s.score AS weight, s.score AS score
       ORDER BY weight DESC, j.itemId LIMIT 3
       RETURN {item: j, score: score, weight: weight}
     } AS links
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand, i.price AS price, c.categoryId AS categoryId, c.path AS path, i.trend AS trend, i.buyers AS buyers,
       w.share AS share,
       [link IN links | {itemId: link.item.itemId, title: link.item.title, score: link.score, weight: link.weight}] AS near,
       CASE WHEN u.embedding IS NOT NULL AND i.embedding IS NOT NULL
            THEN 2 * vector.similarity.cosine(u.embedding, i.embedding) - 1 END AS cosine,
       COLLECT {
         MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
         RETURN {behaviour: type(r), count: r.count, lastAt: r.lastAt.epochMillis,
                 weight: r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])}
         ORDER BY r.weight DESC
       } AS own,
       CASE WHEN size(links) > 0 AND i.itemId IN $counted THEN COUNT {
         WITH u, i, links[0].item AS a, links[1].item AS b
         MATCH (a)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(other:User)
         WHERE (u IS NULL OR other <> u)
           AND EXISTS { (other)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i) }
           AND (b IS NULL OR EXISTS { (other)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(b) })
         RETURN DISTINCT other
       } ELSE 0 END AS alike
