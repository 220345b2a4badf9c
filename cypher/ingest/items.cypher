// purpose: Items and their attributes; attributes that are there already are overwritten, except that a price paid
// earlier (priceAt, epoch milliseconds, UTC) does not replace one paid later.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (i:Item {itemId: row.itemId})
WITH i, row.properties AS properties, i.price AS price, i.priceAt AS priceAt,
     CASE WHEN row.properties.priceAt IS NOT NULL THEN datetime({epochMillis: row.properties.priceAt}) END AS paidAt
SET i += properties,
    i.priceAt = CASE WHEN properties.price IS NULL OR priceAt > paidAt THEN priceAt ELSE paidAt END,
    i.price = CASE WHEN priceAt > paidAt THEN price ELSE i.price END
