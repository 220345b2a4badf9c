// purpose: Which items bridge communities: taken by users of many of them in much the same measure.
// parameters: level INTEGER, minUsers INTEGER, limit INTEGER
// where:
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 100: least number of users of the item
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, category STRING, ownCommunity STRING, users INTEGER, communities INTEGER, largestPercent FLOAT, evenness FLOAT
// mode: READ
// area: communities
// cost: moderate
// rows: 500
// people: minUsers
// relationship: PURCHASED
// caveats: evenness: entropy of the users' communities, each weighed by its size, over the greatest that it could be; 1 is an item of
// everybody.
MATCH (i:Item)
WHERE i.buyers >= $minUsers
CALL (i) {
  MATCH (i)<-[:PURCHASED]-(u:User)
  WHERE u.communityId IS NOT NULL
  RETURN u.communityId AS of, count(*) AS users
}
WITH of, collect([i, users]) AS entries
MATCH (:Community {communityId: of})-[:PART_OF*0..]->(top:Community {level: $level})
WHERE top.users > 0
WITH top, top.users AS size, entries
UNWIND entries AS entry
WITH entry[0] AS i, top, size, sum(entry[1]) AS users
WITH i, collect(1.0 * users / size) AS parts, sum(users) AS users, sum(1.0 * users / size) AS weight, max(users) AS largest
WHERE users >= $minUsers AND size(parts) > 1
WITH *, -reduce(e = 0.0, p IN parts | e + p / weight * log(p / weight)) / log(COUNT { MATCH (m:Community {level: $level}) WHERE m.users > 0 }) AS evenness
ORDER BY evenness DESC, users DESC, i.itemId LIMIT $limit
RETURN i.itemId AS itemId, i.title AS title, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category,
       [(i)-[:IN_COMMUNITY]->(m) | coalesce(m.label, m.communityId)][0] AS ownCommunity, users, size(parts) AS communities,
       round(100.0 * largest / users, 1) AS largestPercent, round(evenness, 3) AS evenness
