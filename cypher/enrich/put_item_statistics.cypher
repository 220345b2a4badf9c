// purpose: Trend, buyers and repeat rate of items; a null community takes the old one off. trendAt in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
SET i.trend = row.trend, i.trendAt = datetime.fromEpochMillis(row.trendAt), i.buyers = row.buyers,
    i.repeatRate = row.repeatRate, i.communityId = row.communityId
