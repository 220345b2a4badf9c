// purpose: Delete one behaviour's relationships of some users that weigh less than a threshold at a moment (epoch
// milliseconds, UTC), and return them. halfLife in days.
// parameters: userIds LIST<STRING>, halfLife FLOAT, now INTEGER, below FLOAT
// returns: userId STRING, itemId STRING, count INTEGER, quantity FLOAT, value FLOAT, weight FLOAT, firstAt INTEGER, lastAt INTEGER, weeks LIST<INTEGER>, weekCounts LIST<INTEGER>
// mode: WRITE
// relationship: PURCHASED
UNWIND $userIds AS userId
MATCH (u:User {userId: userId})-[r:PURCHASED]->(i:Item)
WHERE abs(r.weight) * 2.0 ^ ((r.lastAt.epochMillis - $now) / 86400000.0 / $halfLife) < $below
WITH r, userId, i.itemId AS itemId, r.count AS count, r.quantity AS quantity, r.value AS value, r.weight AS weight,
     r.firstAt.epochMillis AS firstAt, r.lastAt.epochMillis AS lastAt, r.weeks AS weeks, r.weekCounts AS weekCounts
DELETE r
RETURN userId, itemId, count, quantity, value, weight, firstAt, lastAt, weeks, weekCounts
