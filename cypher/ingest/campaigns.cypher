// purpose: Campaigns; times are epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (c:Campaign {campaignId: row.campaignId})
SET c.kind = coalesce(row.kind, c.kind),
    c.startsAt = CASE WHEN row.startsAt IS NULL THEN c.startsAt ELSE datetime.fromEpochMillis(row.startsAt) END,
    c.endsAt = CASE WHEN row.endsAt IS NULL THEN c.endsAt ELSE datetime.fromEpochMillis(row.endsAt) END
