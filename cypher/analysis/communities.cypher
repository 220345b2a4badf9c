// purpose: Which communities there are: size, label, events and spend of their users.
// parameters: level INTEGER, minUsers INTEGER
// where:
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: smaller ones are left out
// returns: communityId STRING, label STRING, users INTEGER, userPercent FLOAT, items INTEGER, events INTEGER, eventPercent FLOAT, spend FLOAT, spendPerUser FLOAT, visitsPerUser FLOAT
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: fast
// rows: 1000
// people: minUsers
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
MATCH (u)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..]->(m:Community {level: $level})
WITH m, sum(reduce(n = 0, count IN h.counts | n + count)) AS events,
     sum(reduce(n = 0.0, value IN h.values | n + value)) AS spend, sum(size(h.days)) AS visits
WITH collect([m, events, spend, visits]) AS found, sum(events) AS total
UNWIND found AS f
WITH f[0] AS m, f[1] AS events, f[2] AS spend, f[3] AS visits, total
WHERE m.users >= $minUsers
RETURN m.communityId AS communityId, m.label AS label, m.users AS users, round(100.0 * m.users / COUNT { (:User) }, 1) AS userPercent,
       m.items AS items, events, round(CASE WHEN total > 0 THEN 100.0 * events / total END, 1) AS eventPercent,
       round(spend, 2) AS spend, round(spend / m.users, 2) AS spendPerUser, round(1.0 * visits / m.users, 1) AS visitsPerUser
ORDER BY users DESC, communityId
