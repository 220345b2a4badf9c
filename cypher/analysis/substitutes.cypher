// purpose: What is taken instead of this item, and what along with it: near items by how often a user takes both in one week.
// parameters: itemId STRING, minUsers INTEGER, limit INTEGER
// where:
//   itemId, such as "1029743": the item
//   minUsers = 30: least number of users who took both items at all
//   limit = 20: how many items are returned
// returns: itemId STRING, title STRING, brand STRING, relation STRING, users INTEGER, together INTEGER, expected FLOAT, ratio FLOAT, low FLOAT, high FLOAT, similarity FLOAT
// mode: READ
// relationship: PURCHASED
// area: neighbourhood
// cost: moderate
// rows: 200
// people: minUsers
// caveats: Among users of both items, user-weeks with both are compared with those expected if each user chose weeks
// independently, so that taste does not matter. ratio with its 95 % interval: wholly below 1 is a substitute, wholly above 1 a
// complement. Candidates are items of the same category and similar items.
MATCH (a:Item {itemId: $itemId})
CALL (a) {
  MATCH (a)-[:IN_CATEGORY]->(:Category)<-[:IN_CATEGORY]-(b:Item) RETURN b
  UNION
  MATCH (a)-[:SIMILAR_TO]-(b:Item) RETURN b
}
WITH a, collect(DISTINCT b) AS near
MATCH (a)<-[r:PURCHASED]-(u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
WITH a, near, u, r.weeks AS weeks,
     reduce(state = [0, -1], day IN h.days | CASE WHEN (day + 3) / 7 = state[1] THEN state
                                                ELSE [state[0] + 1, (day + 3) / 7] END)[0] AS windows
MATCH (u)-[s:PURCHASED]->(b:Item)
WHERE b <> a AND b IN near
WITH a, b, count(*) AS users, sum(size([week IN s.weeks WHERE week IN weeks])) AS together,
     sum(1.0 * size(weeks) * size(s.weeks) / windows) AS expected
WHERE users >= $minUsers AND expected > 0
WITH *, together / expected AS ratio, 1.96 / sqrt(together + 0.5) AS wide
WITH *, (together + 0.5) / expected * exp(-wide) AS low, (together + 0.5) / expected * exp(wide) AS high
ORDER BY abs(log((together + 0.5) / expected)) / wide DESC, b.itemId LIMIT $limit
RETURN b.itemId AS itemId, b.title AS title, b.brand AS brand,
       CASE WHEN high < 1 THEN 'substitute' WHEN low > 1 THEN 'complement' ELSE 'neither' END AS relation,
       users, together, round(expected, 1) AS expected, round(ratio, 2) AS ratio, round(low, 2) AS low, round(high, 2) AS high,
       round([(a)-[s:SIMILAR_TO]-(b) | s.score][0], 3) AS similarity
