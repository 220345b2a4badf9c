// purpose: Which items a user should like by the platform's formula: interest spread once over similar items.
// parameters: userId STRING, excludeSeen BOOLEAN, asOf DATETIME, limit INTEGER
// where:
//   userId, such as "1228": the user
//   excludeSeen = true: leave out what the user has chosen already
//   asOf = null, such as "2017-12-01": moment the weights are read at
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, category STRING, score FLOAT, paths INTEGER, because LIST<STRING>
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: fast
// rows: 500
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
MATCH (b:Behaviour {name: 'PURCHASED'})
WITH b.halfLife AS halfLife, coalesce(datetime($asOf), latest) AS now
MATCH (u:User {userId: $userId})-[r:PURCHASED]->(j:Item)
WITH u, j, log(1 + r.weight * 2.0 ^ (-(now.epochMillis - r.lastAt.epochMillis) / 86400000.0 / halfLife)) AS interest
WHERE interest > 0
MATCH (j)-[s:SIMILAR_TO]->(i:Item)
WHERE NOT coalesce(i.discontinued, false) AND NOT ($excludeSeen AND EXISTS { (u)-[:PURCHASED]->(i) })
WITH i, j, interest * s.score AS part
ORDER BY part DESC
WITH i, sum(part) AS score, count(*) AS paths, collect(coalesce(j.title, j.itemId))[..3] AS because
ORDER BY score DESC, i.itemId LIMIT $limit
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category,
       round(score, 4) AS score, paths, because
