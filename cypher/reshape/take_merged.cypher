// purpose: Delete one behaviour's relationships of items that are merged into others, and return them as those of the others.
// parameters: rows LIST<MAP>
// returns: userId STRING, itemId STRING, count INTEGER, quantity FLOAT, value FLOAT, weight FLOAT, firstAt INTEGER, lastAt INTEGER, weeks LIST<INTEGER>, weekCounts LIST<INTEGER>
// mode: WRITE
// relationship: PURCHASED
UNWIND $rows AS row
MATCH (u:User)-[r:PURCHASED]->(:Item {itemId: row.itemId})
WITH r, u.userId AS userId, row.into AS itemId, r.count AS count, r.quantity AS quantity, r.value AS value, r.weight AS weight,
     r.firstAt.epochMillis AS firstAt, r.lastAt.epochMillis AS lastAt, r.weeks AS weeks, r.weekCounts AS weekCounts
DELETE r
RETURN userId, itemId, count, quantity, value, weight, firstAt, lastAt, weeks, weekCounts
