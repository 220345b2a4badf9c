// purpose: Add events to time-weighted relationships. A weight is as of its own lastAt (forward decay):
// the older of the two sums is brought forward to the later moment, then both are added. halfLife is in days. Of ratings
// the latest is kept, of two at the same moment the higher. weeks: those with events, in order; weekCounts: how many,
// null where each has one.
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
          ELSE (row.lastAt - r.lastAt.epochMillis) / 86400000.0 / $halfLife END AS halfLives,
     coalesce(r.weeks, []) AS own, row.weeks AS more
WITH *, CASE
       WHEN size(own) = 0 THEN more
       WHEN more[0] > own[-1] THEN own + more
       ELSE [week IN range(CASE WHEN own[0] < more[0] THEN own[0] ELSE more[0] END,
                           CASE WHEN own[-1] > more[-1] THEN own[-1] ELSE more[-1] END)
             WHERE week IN own OR week IN more] END AS weeks
WITH *, CASE WHEN coalesce(r.count, 0) + row.count > size(weeks) THEN
       [week IN weeks |
         reduce(n = 0, k IN range(0, size(own) - 1) | n + CASE own[k] WHEN week THEN coalesce(r.weekCounts[k], 1) ELSE 0 END)
         + reduce(n = 0, k IN range(0, size(more) - 1) | n + CASE more[k] WHEN week THEN coalesce(row.weekCounts[k], 1) ELSE 0 END)]
     END AS weekCounts
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
    r.lastAt = CASE WHEN r.lastAt > lastAt THEN r.lastAt ELSE lastAt END,
    r.weeks = weeks,
    r.weekCounts = weekCounts
