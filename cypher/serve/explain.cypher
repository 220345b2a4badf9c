// purpose: The paths between a user and an item that support a recommendation, with their weights.
// alike: others who chose the item and the one or two own items that lead to it most.
// asOf in epoch milliseconds; halfLives in days by behaviour; seeds: how many of the user's strongest items count.
// parameters: userId STRING, itemId STRING, asOf INTEGER, halfLives MAP, seeds INTEGER
// returns: itemId STRING, title STRING, trend FLOAT, buyers INTEGER, repeatRate FLOAT, path LIST<STRING>, cosine FLOAT, own LIST<MAP>, similar LIST<MAP>, categories LIST<MAP>, communities LIST<MAP>, peers INTEGER, alike LIST<MAP>
// mode: READ
MATCH (u:User {userId: $userId})
MATCH (i:Item {itemId: $itemId})
CALL (u) {
  MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(j:Item)
  WITH j, sum(r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])) AS score
  WHERE score > 0
  WITH j, score
  ORDER BY score DESC, j.itemId LIMIT $seeds
  RETURN collect({item: j, score: score}) AS strongest
}
CALL (i, strongest) {
  UNWIND strongest AS seed
  WITH i, seed.item AS j, seed.score AS strength
  MATCH (j)-[s:SIMILAR_TO]->(i)
  WITH j, strength, s.score AS score
  ORDER BY log(1 + strength) * score DESC, j.itemId LIMIT 5
  RETURN collect({item: j, strength: strength, score: score}) AS near
}
RETURN i.itemId AS itemId, i.title AS title, i.trend AS trend, i.buyers AS buyers, i.repeatRate AS repeatRate,
       [(i)-[:IN_CATEGORY]->(c) | c.path][0] AS path,
       CASE WHEN u.embedding IS NOT NULL AND i.embedding IS NOT NULL
            THEN 2 * vector.similarity.cosine(u.embedding, i.embedding) - 1 END AS cosine,
       COLLECT {
         MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
         RETURN {behaviour: type(r), count: r.count, lastAt: r.lastAt.epochMillis, weight: r.weight * 2.0 ^ (-($asOf - r.lastAt.epochMillis) / 86400000.0 / $halfLives[type(r)])}
         ORDER BY r.weight DESC
       } AS own,
       [link IN near | {itemId: link.item.itemId, title: link.item.title, strength: link.strength, score: link.score,
                        weight: log(1 + link.strength) * link.score}] AS similar,
       COLLECT {
         MATCH (i)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..]->(c:Category)<-[w:INTERESTED_IN]-(u)
         RETURN {categoryId: c.categoryId, name: c.name, level: c.level, share: w.share}
         ORDER BY c.level DESC
       } AS categories,
       COLLECT {
         MATCH (u)-[:IN_COMMUNITY]->(c:Community)<-[:IN_COMMUNITY]-(i)
         RETURN c {.communityId, .label, .size}
       } AS communities,
       COUNT {
         MATCH (u)-[:IN_COMMUNITY]->(:Community)<-[:IN_COMMUNITY]-(other:User)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
         WHERE other <> u
         RETURN DISTINCT other
       } AS peers,
       COLLECT {
         WITH i, u, near
         WHERE size(near) > 0
         WITH i, u, near[0].item AS a, near[1].item AS b
         MATCH (a)<-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]-(other:User)
         WHERE other <> u
           AND EXISTS { (other)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i) }
           AND (b IS NULL OR EXISTS { (other)-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(b) })
         WITH a, b, count(DISTINCT other) AS users
         RETURN {users: users, via: [node IN [a, b] WHERE node IS NOT NULL | node.itemId],
                 titles: [node IN [a, b] WHERE node IS NOT NULL | node.title]}
       } AS alike
