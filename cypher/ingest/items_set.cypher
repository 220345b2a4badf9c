// purpose: Set attributes of items; null removes one. priceAt in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
SET i += row.properties,
    i.priceAt = CASE WHEN row.properties.priceAt IS NOT NULL
                     THEN datetime.fromEpochMillis(row.properties.priceAt) END
