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
MATCH (m:Community)-[:PART_OF*0..]->(top:Community {level: $level})
WITH collect([m, top]) AS tops
UNWIND tops AS t
MATCH (t0:Community {communityId: t[0].communityId})<-[:IN_COMMUNITY]-(u:User)-[r:PURCHASED]->(i:Item)
WITH tops, t[1] AS own, u, i.communityId AS of, sum(r.count) AS events
WITH tops, own, of, sum(events) AS events, collect(DISTINCT u) AS takers
WITH own, [t IN tops WHERE t[0].communityId = of | t[1]][0] AS other, events, takers
WHERE other IS NOT NULL
UNWIND takers AS u
WITH own, other, events, takers, u
WITH own, other, sum(events * 1.0 / size(takers)) AS events, count(DISTINCT u) AS users
WITH own, other, toInteger(round(events)) AS events, users
WITH collect([own, other, events, users]) AS found, sum(events) AS total
UNWIND found AS f
WITH f, total, reduce(n = 0, g IN found | n + CASE WHEN g[0] = f[0] THEN g[2] ELSE 0 END) AS ofOwn,
     reduce(n = 0, g IN found | n + CASE WHEN g[1] = f[1] THEN g[2] ELSE 0 END) AS ofOther
WHERE f[3] >= $minUsers
RETURN f[0].communityId AS usersOf, f[0].label AS usersOfLabel, f[1].communityId AS itemsOf, f[1].label AS itemsOfLabel,
       f[3] AS users, f[2] AS events, round(100.0 * f[2] / ofOwn, 1) AS percent, round(1.0 * f[2] * total / ofOwn / ofOther, 2) AS lift
ORDER BY usersOf, events DESC, itemsOf
