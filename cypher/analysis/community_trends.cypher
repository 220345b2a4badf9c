// purpose: Which communities grow more active: visits and spend of their users, last period against the one before.
// parameters: days INTEGER, level INTEGER, minUsers INTEGER, asOf DATETIME
// where:
//   days = 56: length of both periods
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: smaller ones are left out
//   asOf = null, such as "2017-10-01": the end of the last period
// returns: communityId STRING, label STRING, users INTEGER, visitsBefore INTEGER, visitsRecent INTEGER, changePercent FLOAT, low FLOAT, high FLOAT, spendBefore FLOAT, spendRecent FLOAT
// mode: READ
// relationship: PURCHASED
// area: communities
// cost: moderate
// rows: 1000
// people: minUsers
// caveats: low and high: 95 % interval of changePercent from the spread between users.
CALL () { MATCH (l:Load) RETURN max(l.lastEventAt) AS latest }
WITH coalesce(datetime($asOf), latest).epochMillis / 86400000 AS today
MATCH (u:User)-[h:HISTORY]->(:Behaviour {name: 'PURCHASED'})
MATCH (u)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..]->(m:Community {level: $level})
WITH m, today, h.days AS days, h.values AS values
WITH m, today, days, values, [k IN range(0, size(days) - 1) WHERE today - 2 * $days < days[k] AND days[k] <= today] AS places
WITH m, size([k IN places WHERE days[k] <= today - $days]) AS before, size([k IN places WHERE days[k] > today - $days]) AS recent,
     reduce(n = 0.0, k IN places | n + CASE WHEN days[k] <= today - $days THEN values[k] ELSE 0.0 END) AS spendBefore,
     reduce(n = 0.0, k IN places | n + CASE WHEN days[k] > today - $days THEN values[k] ELSE 0.0 END) AS spendRecent
WITH m, count(*) AS users, sum(before) AS before, sum(recent) AS recent, sum(spendBefore) AS spendBefore,
     sum(spendRecent) AS spendRecent, stDev(recent - before) AS spread
WHERE users >= $minUsers AND before > 0
WITH *, 1.96 * spread * sqrt(users) AS wide
RETURN m.communityId AS communityId, m.label AS label, users, before AS visitsBefore, recent AS visitsRecent,
       round(100.0 * (recent - before) / before, 1) AS changePercent, round(100 * (recent - before - wide) / before, 1) AS low,
       round(100 * (recent - before + wide) / before, 1) AS high, round(spendBefore, 2) AS spendBefore, round(spendRecent, 2) AS spendRecent
ORDER BY changePercent DESC, communityId
