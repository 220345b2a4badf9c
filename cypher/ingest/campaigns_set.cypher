// purpose: Set what is known of campaigns; null removes it. Times in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (c:Campaign {campaignId: row.campaignId})
SET c.kind = row.properties.kind,
    c.startsAt = CASE WHEN row.properties.startsAt IS NOT NULL
                      THEN datetime.fromEpochMillis(row.properties.startsAt) END,
    c.endsAt = CASE WHEN row.properties.endsAt IS NOT NULL
                    THEN datetime.fromEpochMillis(row.properties.endsAt) END
