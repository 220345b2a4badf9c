// purpose: Trend, buyers, repeat rate and community of items, those of both levels before, and the number of the enrichment that
// moved them; a null community takes the old one off. trendAt in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
SET i.trend = row.trend, i.trendAt = datetime.fromEpochMillis(row.trendAt), i.buyers = row.buyers,
    i.repeatRate = row.repeatRate, i.communityId = row.communityId, i.communityBefore = row.communityBefore,
    i.upperBefore = row.upperBefore, i.communityRun = row.communityRun
