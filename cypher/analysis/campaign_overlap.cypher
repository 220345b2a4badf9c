// purpose: Which campaigns went to the same users at the same time.
// parameters: minUsers INTEGER, limit INTEGER
// where:
//   minUsers = 10: pairs with fewer users are left out
//   limit = 50: how many pairs are returned
// returns: campaignA STRING, campaignB STRING, kinds STRING, daysTogether INTEGER, users INTEGER, percentOfA FLOAT, percentOfB FLOAT, sharedItems INTEGER
// mode: READ
// area: marketing
// cost: moderate
// rows: 500
// people: minUsers
MATCH (a:Campaign)<-[:RECEIVED]-(u:User)-[:RECEIVED]->(b:Campaign)
WHERE a.campaignId < b.campaignId AND a.startsAt <= b.endsAt AND b.startsAt <= a.endsAt
WITH a, b, count(u) AS users
WHERE users >= $minUsers
WITH a, b, users, CASE WHEN a.startsAt > b.startsAt THEN a.startsAt ELSE b.startsAt END AS from,
     CASE WHEN a.endsAt < b.endsAt THEN a.endsAt ELSE b.endsAt END AS to
ORDER BY users DESC, a.campaignId, b.campaignId LIMIT $limit
RETURN a.campaignId AS campaignA, b.campaignId AS campaignB, a.kind + ' + ' + b.kind AS kinds,
       duration.inDays(date(from), date(to)).days + 1 AS daysTogether, users,
       round(100.0 * users / COUNT { (a)<-[:RECEIVED]-() }, 1) AS percentOfA,
       round(100.0 * users / COUNT { (b)<-[:RECEIVED]-() }, 1) AS percentOfB,
       COUNT { (a)-[:PROMOTES]->(:Item)<-[:PROMOTES]-(b) } AS sharedItems
ORDER BY users DESC, campaignA, campaignB
