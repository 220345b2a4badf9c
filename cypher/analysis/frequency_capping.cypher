// purpose: How redemption falls with the number of campaigns that a user received shortly before.
// parameters: days INTEGER, kind STRING, minUsers INTEGER
// where:
//   days = 90: how far back campaigns count
//   kind = null, such as "Type A": only redemption of campaigns of this kind; all kinds count before
//   minUsers = 10: groups with fewer users are left out
// returns: campaignsBefore INTEGER, sends INTEGER, users INTEGER, redeemed INTEGER, percent FLOAT, low FLOAT, high FLOAT, ofReceivers FLOAT
// mode: READ
// area: marketing
// cost: moderate
// rows: 100
// people: minUsers
// caveats: Campaigns are not sent at random: good customers get more of them, and redeem more. Compare rows only where users are
// alike; ofReceivers is the mean number of all campaigns of these users. low and high: 95 % interval (Wilson) over sends.
MATCH (u:User)-[:RECEIVED]->(c:Campaign)
WHERE $kind IS NULL OR c.kind = $kind
WITH u, c, COUNT {
       MATCH (u)-[:RECEIVED]->(o:Campaign)
       WHERE o <> c AND o.startsAt <= c.startsAt AND o.startsAt > c.startsAt - duration({days: $days})
     } AS before, COUNT { (u)-[:RECEIVED]->() } AS everything, EXISTS { (u)-[:REDEEMED]->(c) } AS redeemed
WITH before, count(*) AS sends, count(DISTINCT u) AS users, sum(CASE WHEN redeemed THEN 1 ELSE 0 END) AS redeemed,
     avg(everything) AS everything
WHERE users >= $minUsers
WITH *, 1.0 * redeemed / sends AS p
WITH *, 1.96 * sqrt(p * (1 - p) / sends + 0.9604 / sends / sends) AS wide
RETURN before AS campaignsBefore, sends, users, redeemed, round(100 * p, 1) AS percent,
       round(100 * (p + 1.9208 / sends - wide) / (1 + 3.8416 / sends), 1) AS low,
       round(100 * (p + 1.9208 / sends + wide) / (1 + 3.8416 / sends), 1) AS high, round(everything, 1) AS ofReceivers
ORDER BY campaignsBefore
