// purpose: Who is like this user, and why: users with the same telling items, the rare ones counting more.
// parameters: userId STRING, items INTEGER, minShared INTEGER, limit INTEGER
// where:
//   userId, such as "1228": the user
//   items = 100: how many of the user's most telling items are looked at
//   minShared = 3: least number of shared items
//   limit = 10: how many users are returned
// returns: userId STRING, score FLOAT, sharedItems INTEGER, because LIST<STRING>, sharedCategories LIST<STRING>, vectorCosine FLOAT
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: moderate
// rows: 200
// caveats: The score is the sum over shared items of log(1 + weight) of both, divided by the root of the item's buyers; it
// ranks, and has no unit of its own.
MATCH (a:User {userId: $userId})-[r:PURCHASED]->(i:Item)
WITH a, i, log(1 + r.weight) AS own, COUNT { (i)<-[:PURCHASED]-() } AS buyers
WHERE buyers > 1 AND own > 0
ORDER BY own / sqrt(buyers) DESC, i.itemId LIMIT $items
MATCH (i)<-[s:PURCHASED]-(b:User)
WHERE b <> a AND s.weight > 0
WITH a, b, i, own * log(1 + s.weight) / sqrt(buyers) AS part
ORDER BY part DESC
WITH a, b, sum(part) AS score, count(*) AS sharedItems, collect(coalesce(i.title, i.itemId))[..3] AS because
WHERE sharedItems >= $minShared
WITH * ORDER BY score DESC, b.userId LIMIT $limit
RETURN b.userId AS userId, round(score, 4) AS score, sharedItems, because,
       COLLECT {
         MATCH (a)-[x:INTERESTED_IN]->(c:Category)<-[y:INTERESTED_IN]-(b)
         WHERE c.level = 2
         RETURN c.name ORDER BY x.share * y.share DESC LIMIT 3
       } AS sharedCategories,
       CASE WHEN a.embedding IS NOT NULL AND b.embedding IS NOT NULL
            THEN round(2 * vector.similarity.cosine(a.embedding, b.embedding) - 1, 3) END AS vectorCosine
ORDER BY score DESC, userId
