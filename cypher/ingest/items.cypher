// purpose: Items and their attributes; attributes that are there already are overwritten, except that a price that was
// paid (priceAt, epoch milliseconds, UTC) replaces neither a listed one, nor one paid later, nor a higher one paid at the
// same moment.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (i:Item {itemId: row.itemId})
WITH i, row.properties AS properties, i.price AS price, i.priceAt AS priceAt, row.properties.priceAt AS paidAt
WITH *, paidAt IS NOT NULL AND price IS NOT NULL AND (priceAt IS NULL OR priceAt.epochMillis > paidAt
          OR (priceAt.epochMillis = paidAt AND price > properties.price)) AS kept
SET i += properties,
    i.priceAt = CASE WHEN kept OR properties.price IS NULL THEN priceAt
                     WHEN paidAt IS NOT NULL THEN datetime.fromEpochMillis(paidAt) END,
    i.price = CASE WHEN kept THEN price ELSE i.price END
