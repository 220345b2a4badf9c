// purpose: Campaigns; times are epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (c:Campaign {campaignId: row.campaignId})
SET c.kind = coalesce(row.kind, c.kind),
    c.startsAt = coalesce(datetime({epochMillis: row.startsAt}), c.startsAt),
    c.endsAt = coalesce(datetime({epochMillis: row.endsAt}), c.endsAt)
