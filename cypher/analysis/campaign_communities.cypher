// purpose: Which communities answered a campaign: redemption by community.
// parameters: campaignId STRING, level INTEGER, minUsers INTEGER
// where:
//   campaignId = null, such as "18": only this campaign; else all together
//   level = 1: 1 for the upper communities, 2 for those below
//   minUsers = 10: communities with fewer receivers are left out
// returns: communityId STRING, label STRING, received INTEGER, redeemed INTEGER, percent FLOAT, low FLOAT, high FLOAT, index FLOAT, significant BOOLEAN
// mode: READ
// area: marketing
// cost: fast
// rows: 500
// people: minUsers
// caveats: Of all campaigns together, a user counts once for each campaign. low and high: 95 % interval (Wilson); index: 100 is the
// rate of all; significant: the interval does not hold the rate of all.
MATCH (c:Campaign)<-[:RECEIVED]-(u:User)-[:IN_COMMUNITY]->(:Community)-[:PART_OF*0..]->(m:Community {level: $level})
WHERE $campaignId IS NULL OR c.campaignId = $campaignId
WITH m, count(*) AS received, sum(CASE WHEN EXISTS { (u)-[:REDEEMED]->(c) } THEN 1 ELSE 0 END) AS redeemed
WITH collect([m, received, redeemed]) AS found, CASE WHEN sum(received) > 0 THEN 1.0 * sum(redeemed) / sum(received) END AS mean
UNWIND found AS f
WITH f[0] AS m, f[1] AS received, f[2] AS redeemed, mean, 1.0 * f[2] / f[1] AS p
WHERE received >= $minUsers
WITH *, 1.96 * sqrt(p * (1 - p) / received + 0.9604 / received / received) AS wide
WITH *, (p + 1.9208 / received - wide) / (1 + 3.8416 / received) AS low, (p + 1.9208 / received + wide) / (1 + 3.8416 / received) AS high
RETURN m.communityId AS communityId, m.label AS label, received, redeemed, round(100 * p, 1) AS percent, round(100 * low, 1) AS low,
       round(100 * high, 1) AS high, round(CASE WHEN mean > 0 THEN 100 * p / mean END, 0) AS index,
       mean < low OR mean > high AS significant
ORDER BY percent DESC, received DESC, communityId
