// purpose: What the graph knows about a user and some items: the items themselves and what speaks for each.
// asOf in epoch milliseconds; halfLives in days by behaviour; seeds: how many of the user's strongest items count.
// parameters: userId STRING, itemIds LIST<STRING>, asOf INTEGER, halfLives MAP, seeds INTEGER
// returns: itemId STRING, title STRING, brand STRING, price FLOAT, path LIST<STRING>, trend FLOAT, buyers INTEGER, share FLOAT, own LIST<MAP>, near LIST<MAP>
// mode: READ
OPTIONAL MATCH (u:User {userId: $userId})
CALL (u) {
  MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i:Item)
  WITH i, sum(r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])) AS score
  WHERE score > 0
  WITH i, score
  ORDER BY score DESC, i.itemId LIMIT $seeds
  RETURN collect({item: i, score: score}) AS strongest
}
UNWIND range(0, size($itemIds) - 1) AS place
MATCH (i:Item {itemId: $itemIds[place]})
OPTIONAL MATCH (i)-[:IN_CATEGORY]->(c:Category)
WITH u, strongest, place, i, collect(c)[0] AS c
OPTIONAL MATCH (u)-[w:INTERESTED_IN]->(c)
RETURN i.itemId AS itemId, i.title AS title, i.brand AS brand, i.price AS price, c.path AS path,
       i.trend AS trend, i.buyers AS buyers, w.share AS share,
       COLLECT {
         MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
         RETURN {behaviour: type(r), count: r.count, lastAt: r.lastAt.epochMillis, weight: r.weight}
         ORDER BY r.weight DESC
       } AS own,
       COLLECT {
         UNWIND strongest AS seed
         WITH i, seed.item AS j, seed.score AS strength
         MATCH (j)-[s:SIMILAR_TO]->(i)
         RETURN {itemId: j.itemId, title: j.title, score: s.score, strength: strength}
         ORDER BY log(1 + strength) * s.score DESC LIMIT 3
       } AS near
ORDER BY place
