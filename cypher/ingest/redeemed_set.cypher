// purpose: Set redemptions to what is left of them; lastAt in epoch milliseconds, UTC, 0 where it is not known.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.user})
MATCH (c:Campaign {campaignId: row.item})
MERGE (u)-[r:REDEEMED]->(c)
SET r.count = row.count,
    r.lastAt = CASE WHEN row.lastAt > 0 THEN datetime.fromEpochMillis(row.lastAt) END
