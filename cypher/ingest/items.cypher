// purpose: Items and their attributes; attributes that are there already are overwritten.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (i:Item {itemId: row.itemId})
SET i += row.properties
