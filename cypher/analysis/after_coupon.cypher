// purpose: What redeemers took for the first time after they had redeemed, against receivers who did not redeem.
// parameters: campaignId STRING, days INTEGER, minUsers INTEGER, limit INTEGER
// where:
//   campaignId, such as "18": the campaign
//   days = 28: how long after the redemption
//   minUsers = 5: items with fewer redeemers are left out
//   limit = 30: how many items are returned
// returns: itemId STRING, title STRING, promoted BOOLEAN, redeemers INTEGER, percent FLOAT, othersPercent FLOAT, extraPoints FLOAT, low FLOAT, high FLOAT
// mode: READ
// relationship: PURCHASED
// area: marketing
// cost: moderate
// rows: 500
// people: minUsers
// caveats: Of several redemptions the last counts. Receivers who did not redeem are looked at over the same days after the median
// redemption. low and high: 95 % interval of extraPoints. Redeemers come more often than others, which alone makes most of it.
MATCH (c:Campaign {campaignId: $campaignId})<-[x:REDEEMED]-(u:User)
WHERE x.lastAt IS NOT NULL
WITH c, collect([u, x.lastAt]) AS redeemers, percentileDisc(x.lastAt.epochMillis, 0.5) AS middle
CALL (c, redeemers) {
  UNWIND redeemers AS entry
  WITH c, entry[0] AS u, entry[1] AS at
  MATCH (u)-[r:PURCHASED]->(i:Item)
  WHERE r.firstAt >= at AND r.firstAt < at + duration({days: $days})
  WITH i, count(*) AS users WHERE users >= $minUsers
  RETURN i, users
}
WITH c, i, users, size(redeemers) AS everyone, datetime({epochMillis: toInteger(middle)}) AS at
ORDER BY users DESC, i.itemId LIMIT 200
CALL (c, i, at) {
  MATCH (i)<-[r:PURCHASED]-(v:User)-[:RECEIVED]->(c)
  WHERE r.firstAt >= at AND r.firstAt < at + duration({days: $days}) AND NOT EXISTS { (v)-[:REDEEMED]->(c) }
  RETURN count(*) AS others
}
WITH c, i, users, everyone, others, COUNT { MATCH (v:User)-[:RECEIVED]->(c) WHERE NOT EXISTS { (v)-[:REDEEMED]->(c) } } AS rest
WITH *, 1.0 * users / everyone AS p, CASE WHEN rest > 0 THEN 1.0 * others / rest END AS q
WITH *, 1.96 * sqrt(p * (1 - p) / everyone + q * (1 - q) / rest) AS wide
RETURN i.itemId AS itemId, i.title AS title, EXISTS { (c)-[:PROMOTES]->(i) } AS promoted, users AS redeemers,
       round(100 * p, 1) AS percent, round(100 * q, 1) AS othersPercent, round(100 * (p - q), 1) AS extraPoints,
       round(100 * (p - q - wide), 1) AS low, round(100 * (p - q + wide), 1) AS high
ORDER BY p - q DESC, itemId LIMIT $limit
