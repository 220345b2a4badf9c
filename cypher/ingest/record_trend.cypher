// purpose: Bring trend, buyers and repeat rate of items up to date with recorded events, before their relationships are.
// The trend stays in units of the enrichment's moment (trendAt, epoch milliseconds), so that items stay comparable:
// a user's last event at t counts 2^((t - trendAt) / trendHalfLife), and replaces the user's last event before it.
// parameters: rows LIST<MAP>, primary LIST<STRING>, trendAt INTEGER, trendHalfLife FLOAT
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (i:Item {itemId: row.itemId})
OPTIONAL MATCH (u)-[r:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(i)
WHERE type(r) IN $primary
WITH i, row, max(r.lastAt.epochMillis) AS before, coalesce(sum(r.count), 0) AS events
WITH i, row, before, events,
     2.0 ^ ((row.lastAt - $trendAt) / 86400000.0 / $trendHalfLife) AS now,
     CASE WHEN before IS NULL THEN 0.0 ELSE 2.0 ^ ((before - $trendAt) / 86400000.0 / $trendHalfLife) END AS then,
     CASE WHEN events < 2 AND events + row.count >= 2 THEN 1.0 ELSE 0.0 END AS repeats
SET i.repeatRate = (coalesce(i.repeatRate * i.buyers, 0.0) + repeats)
      / (coalesce(i.buyers, 0) + CASE WHEN before IS NULL THEN 1 ELSE 0 END),
    i.buyers = coalesce(i.buyers, 0) + CASE WHEN before IS NULL THEN 1 ELSE 0 END,
    i.trend = coalesce(i.trend, 0.0) + CASE WHEN now > then THEN now - then ELSE 0.0 END,
    i.trendAt = datetime.fromEpochMillis($trendAt)
