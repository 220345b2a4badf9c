// purpose: Coupons of a campaign that a user redeemed; lastAt in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (c:Campaign {campaignId: row.campaignId})
MERGE (u)-[r:REDEEMED]->(c)
WITH r, row, CASE WHEN row.lastAt IS NOT NULL THEN datetime.fromEpochMillis(row.lastAt) END AS lastAt
SET r.count = coalesce(r.count, 0) + row.count,
    r.lastAt = CASE WHEN r.lastAt >= lastAt THEN r.lastAt ELSE coalesce(lastAt, r.lastAt) END
