// purpose: What defines a community: categories and brands that its users take more than everybody does.
// parameters: communityId STRING, level INTEGER, minUsers INTEGER, limit INTEGER
// where:
//   communityId, such as "1-1": the community, of either level
//   level = 2: level of the category tree
//   minUsers = 10: categories and brands with fewer users in the community are left out
//   limit = 20: how many rows
// returns: kind STRING, name STRING, users INTEGER, events INTEGER, percent FLOAT, overallPercent FLOAT, logOdds FLOAT, low FLOAT, high FLOAT
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: slow: compares with every item, and reads all relationships of the community
// rows: 500
// people: minUsers
// caveats: logOdds: logarithm of the odds in the community over those outside, with its 95 % interval, by whose lower end the list is
// ordered; 0.69 is twice the odds. It compares events, and a user's events are not independent.
MATCH (:Community {communityId: $communityId})<-[:PART_OF*0..]-(:Community)<-[:IN_COMMUNITY]-(u:User)
WITH collect(DISTINCT u) AS members
CALL () {
  MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  MATCH (i)-[:IN_CATEGORY]->(leaf:Category)
  WITH leaf, sum(reduce(n = 0, count IN h.counts | n + count)) AS events
  MATCH (leaf)-[:CHILD_OF*0..]->(c:Category {level: $level})
  RETURN 'category' AS kind, c.categoryId AS name, sum(events) AS events
  UNION ALL
  MATCH (i:Item)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
  WHERE i.brand IS NOT NULL
  RETURN 'brand' AS kind, i.brand AS name, sum(reduce(n = 0, count IN h.counts | n + count)) AS events
}
WITH members, collect([kind, name, events]) AS overall
CALL (members) {
  UNWIND members AS u
  MATCH (u)-[r:PURCHASED]->(:Item)-[:IN_CATEGORY]->(leaf:Category)
  WITH leaf, u, sum(r.count) AS events
  MATCH (leaf)-[:CHILD_OF*0..]->(c:Category {level: $level})
  RETURN 'category' AS kind, c.categoryId AS name, sum(events) AS events, count(DISTINCT u) AS users
  UNION ALL
  WITH members
  UNWIND members AS u
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WHERE i.brand IS NOT NULL
  RETURN 'brand' AS kind, i.brand AS name, sum(r.count) AS events, count(DISTINCT u) AS users
}
WITH overall, collect([kind, name, events, users]) AS own
WITH overall, own, reduce(n = 0, o IN own | n + CASE o[0] WHEN 'category' THEN o[2] ELSE 0 END) AS ownTotal,
     reduce(n = 0, o IN overall | n + CASE o[0] WHEN 'category' THEN o[2] ELSE 0 END) AS total
UNWIND own AS o
WITH o, ownTotal, total, [v IN overall WHERE v[0] = o[0] AND v[1] = o[1] | v[2]][0] AS everywhere
WHERE o[3] >= $minUsers AND total > ownTotal
WITH o, ownTotal, total, everywhere, o[2] + 0.5 AS a, ownTotal - o[2] + 0.5 AS b, everywhere - o[2] + 0.5 AS c,
     (total - ownTotal) - (everywhere - o[2]) + 0.5 AS d
WITH *, log(a * d / b / c) AS odds, 1.96 * sqrt(1 / a + 1 / b + 1 / c + 1 / d) AS wide
ORDER BY odds - wide DESC, o[1] LIMIT $limit
RETURN o[0] AS kind, o[1] AS name, o[3] AS users, o[2] AS events, round(100.0 * o[2] / ownTotal, 2) AS percent,
       round(100.0 * everywhere / total, 2) AS overallPercent, round(odds, 2) AS logOdds, round(odds - wide, 2) AS low,
       round(odds + wide, 2) AS high
