// purpose: How communities overlap: whose users take whose items.
// parameters: level INTEGER, minUsers INTEGER
// where:
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: pairs with fewer users are left out
// returns: usersOf STRING, usersOfLabel STRING, itemsOf STRING, itemsOfLabel STRING, users INTEGER, events INTEGER, percent FLOAT, lift FLOAT
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: slow: reads every relationship
// rows: 2000
// people: minUsers
// caveats: percent: of the events of the first community's users; lift: over what the items' share of all events makes expected.
MATCH (own:Community {level: $level})<-[:PART_OF*0..]-(:Community)<-[:IN_COMMUNITY]-(u:User)
CALL (u) {
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WHERE i.communityId IS NOT NULL
  RETURN i.communityId AS of, sum(r.count) AS events
}
WITH own, of, sum(events) AS events, collect(u) AS takers
MATCH (:Community {communityId: of})-[:PART_OF*0..]->(other:Community {level: $level})
WITH own, other, sum(events) AS events, collect(takers) AS lists
CALL (lists) { UNWIND lists AS takers UNWIND takers AS u RETURN count(DISTINCT u) AS users }
WITH collect([own, other, events, users]) AS found, sum(events) AS total
CALL (found) { UNWIND found AS f WITH f[0] AS c, sum(f[2]) AS n RETURN collect([c, n]) AS byUsers }
CALL (found) { UNWIND found AS f WITH f[1] AS c, sum(f[2]) AS n RETURN collect([c, n]) AS byItems }
UNWIND found AS f
WITH f, total, byUsers, byItems
WHERE f[3] >= $minUsers
WITH f, total, head([x IN byUsers WHERE x[0] = f[0] | x[1]]) AS ofOwn, head([x IN byItems WHERE x[0] = f[1] | x[1]]) AS ofOther
RETURN f[0].communityId AS usersOf, f[0].label AS usersOfLabel, f[1].communityId AS itemsOf, f[1].label AS itemsOfLabel,
       f[3] AS users, f[2] AS events, round(100.0 * f[2] / ofOwn, 1) AS percent, round(1.0 * f[2] * total / ofOwn / ofOther, 2) AS lift
ORDER BY f[0].users DESC, usersOf, events DESC, itemsOf
