// purpose: How many receivers redeemed, campaign by campaign.
// parameters: kind STRING
// where:
//   kind = null, such as "Type A": only campaigns of this kind
// returns: campaignId STRING, kind STRING, received INTEGER, redeemers INTEGER, percent FLOAT, low FLOAT, high FLOAT, coupons INTEGER, couponsPerRedeemer FLOAT, medianDays INTEGER
// mode: READ
// area: marketing
// cost: fast
// rows: 1000
// caveats: low and high: 95 % interval of percent (Wilson). medianDays: from the campaign's start to the redeemer's last redemption.
// Redeemers without a record of having received the campaign are not counted.
MATCH (c:Campaign)
WHERE $kind IS NULL OR c.kind = $kind
OPTIONAL MATCH (c)<-[:RECEIVED]-(u:User)
OPTIONAL MATCH (u)-[x:REDEEMED]->(c)
WITH c, count(u) AS received, count(x) AS redeemers, sum(x.count) AS coupons,
     percentileDisc(CASE WHEN x IS NOT NULL THEN duration.inDays(c.startsAt, x.lastAt).days END, 0.5) AS days
WITH *, CASE WHEN received > 0 THEN 1.0 * redeemers / received END AS p
WITH *, 1.96 * sqrt(p * (1 - p) / received + 0.9604 / received / received) AS wide
RETURN c.campaignId AS campaignId, c.kind AS kind, received, redeemers, round(100 * p, 1) AS percent,
       round(100 * (p + 1.9208 / received - wide) / (1 + 3.8416 / received), 1) AS low,
       round(100 * (p + 1.9208 / received + wide) / (1 + 3.8416 / received), 1) AS high, coupons,
       round(CASE WHEN redeemers > 0 THEN 1.0 * coupons / redeemers END, 2) AS couponsPerRedeemer, toInteger(days) AS medianDays
ORDER BY percent DESC, campaignId
