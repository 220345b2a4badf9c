// purpose: How many items a load would add, and of how many it would change attributes; a price that was paid (priceAt,
// epoch milliseconds, UTC) changes neither a listed one, nor one paid later, nor a higher one paid at the same moment.
// parameters: rows LIST<MAP>
// returns: added INTEGER, changed INTEGER
// mode: READ
UNWIND $rows AS row
OPTIONAL MATCH (i:Item {itemId: row.itemId})
WITH row.properties AS properties, row.properties.priceAt AS paidAt, i, i.price AS price, i.priceAt AS priceAt
WITH *, paidAt IS NOT NULL AND price IS NOT NULL AND (priceAt IS NULL OR priceAt.epochMillis > paidAt
          OR (priceAt.epochMillis = paidAt AND price > properties.price)) AS kept
RETURN count(CASE WHEN i IS NULL THEN 1 END) AS added,
       count(CASE WHEN i IS NOT NULL AND any(name IN keys(properties)
         WHERE name <> 'priceAt' AND (name <> 'price' OR NOT kept)
           AND (i[name] IS NULL OR i[name] <> properties[name])) THEN 1 END) AS changed
