// purpose: Which communities there are: size, label, spend, what share of their events stays among their own items.
// parameters: level INTEGER, minUsers INTEGER
// where:
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: smaller ones are left out
// returns: communityId STRING, label STRING, users INTEGER, userPercent FLOAT, items INTEGER, events INTEGER, eventPercent FLOAT, ownPercent FLOAT, spend FLOAT
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: slow: reads every relationship to see which stay within a community
// rows: 1000
// people: minUsers
MATCH (m:Community {level: $level})
WHERE m.users >= $minUsers
CALL (m) {
  MATCH (m)<-[:PART_OF*0..]-(below:Community)
  WITH collect(below.communityId) AS ids
  UNWIND ids AS id
  MATCH (:Community {communityId: id})<-[:IN_COMMUNITY]-(u:User)-[r:PURCHASED]->(i:Item)
  RETURN sum(r.count) AS events, sum(r.value) AS spend, sum(CASE WHEN i.communityId IN ids THEN r.count ELSE 0 END) AS own
}
WITH collect([m, events, spend, own]) AS found, sum(events) AS total
UNWIND found AS f
RETURN f[0].communityId AS communityId, f[0].label AS label, f[0].users AS users,
       round(100.0 * f[0].users / COUNT { (:User) }, 1) AS userPercent, f[0].items AS items, f[1] AS events,
       round(CASE WHEN total > 0 THEN 100.0 * f[1] / total END, 1) AS eventPercent,
       round(CASE WHEN f[1] > 0 THEN 100.0 * f[3] / f[1] END, 1) AS ownPercent, round(f[2], 2) AS spend
ORDER BY users DESC, communityId
