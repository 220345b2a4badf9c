// purpose: How to spread a number of sends over communities and kinds of campaign for the most redemptions.
// parameters: sends INTEGER, level INTEGER, prior FLOAT, minUsers INTEGER
// where:
//   sends = 1000: how many can be sent
//   level = 1: 1 for the upper communities, 2 for those below
//   prior = 50.0: how many sends at the kind's mean rate each cell begins with
//   minUsers = 20: cells with fewer receivers are left out
// returns: kind STRING, communityId STRING, label STRING, pastSends INTEGER, pastRedeemed INTEGER, expectedPercent FLOAT, low FLOAT, high FLOAT, users INTEGER, send INTEGER, expectedRedemptions FLOAT
// mode: READ
// area: marketing
// cost: moderate
// rows: 500
// people: minUsers
// caveats: Each community gets the kind with the best expected rate, the best community first, one send a user, until the sends are
// used up. Rates are smoothed towards those of their kind; low and high: 95 % interval (Wilson) of the smoothed rate. What is
// counted is redemptions, not the extra spend: see campaign_uplift.
MATCH (c:Campaign)<-[:RECEIVED]-(u:User)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..]->(m:Community {level: $level})
WITH c.kind AS kind, m, count(*) AS sent, sum(CASE WHEN EXISTS { (u)-[:REDEEMED]->(c) } THEN 1 ELSE 0 END) AS redeemed
WITH kind, collect([m, sent, redeemed]) AS cells, 1.0 * sum(redeemed) / sum(sent) AS mean
UNWIND cells AS cell
WITH kind, cell[0] AS m, cell[1] AS sent, cell[2] AS redeemed, (cell[2] + $prior * mean) / (cell[1] + $prior) AS p, cell[1] + $prior AS n
WHERE sent >= $minUsers
WITH *, 1.96 * sqrt(p * (1 - p) / n + 0.9604 / n / n) AS wide
ORDER BY p DESC, kind
WITH m, collect([kind, sent, redeemed, p, (p + 1.9208 / n - wide) / (1 + 3.8416 / n), (p + 1.9208 / n + wide) / (1 + 3.8416 / n)])[0] AS best
ORDER BY best[3] DESC, m.communityId
WITH collect([m, best]) AS chosen
UNWIND range(0, size(chosen) - 1) AS place
WITH chosen[place][0] AS m, chosen[place][1] AS best, $sends - reduce(n = 0, other IN chosen[..place] | n + other[0].users) AS left
WITH m, best, CASE WHEN left <= 0 THEN 0 WHEN left < m.users THEN left ELSE m.users END AS send
RETURN best[0] AS kind, m.communityId AS communityId, m.label AS label, best[1] AS pastSends, best[2] AS pastRedeemed,
       round(100 * best[3], 1) AS expectedPercent, round(100 * best[4], 1) AS low, round(100 * best[5], 1) AS high, m.users AS users,
       send, round(send * best[3], 1) AS expectedRedemptions
ORDER BY best[3] DESC, communityId
