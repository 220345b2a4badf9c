// purpose: Add events to time-weighted relationships. A weight is as of its own lastAt (forward decay):
// the older of the two sums is brought forward to the later moment, then both are added. halfLife is in days. Of ratings
// the latest is kept, of two at the same moment the higher.
// parameters: rows LIST<MAP>, halfLife FLOAT, ratings BOOLEAN
// returns: none
// mode: WRITE
// relationship: PURCHASED
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (i:Item {itemId: row.itemId})
MERGE (u)-[r:PURCHASED]->(i)
WITH r, row, datetime.fromEpochMillis(row.firstAt) AS firstAt, datetime.fromEpochMillis(row.lastAt) AS lastAt,
     CASE WHEN r.lastAt IS NULL THEN 0.0
          ELSE (row.lastAt - r.lastAt.epochMillis) / 86400000.0 / $halfLife END AS halfLives
SET r.weight = CASE
      WHEN r.lastAt IS NULL THEN row.weight
      WHEN halfLives >= 0 THEN r.weight * 2.0 ^ (-halfLives) + row.weight
      ELSE r.weight + row.weight * 2.0 ^ halfLives END,
    r.value = CASE
      WHEN r.value IS NULL OR row.value IS NULL THEN coalesce(r.value, row.value)
      WHEN NOT $ratings THEN r.value + row.value
      WHEN halfLives > 0 OR (halfLives = 0 AND row.value > r.value) THEN row.value
      ELSE r.value END,
    r.count = coalesce(r.count, 0) + row.count,
    r.quantity = CASE
      WHEN r.quantity IS NULL OR row.quantity IS NULL THEN coalesce(r.quantity, row.quantity)
      ELSE r.quantity + row.quantity END,
    r.firstAt = CASE WHEN r.firstAt < firstAt THEN r.firstAt ELSE firstAt END,
    r.lastAt = CASE WHEN r.lastAt > lastAt THEN r.lastAt ELSE lastAt END
