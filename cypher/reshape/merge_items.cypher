// purpose: Delete items that are merged into others; what campaigns promote of them is promoted of the others.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (old:Item {itemId: row.itemId})
MATCH (new:Item {itemId: row.into})
FOREACH (c IN COLLECT { MATCH (old)<-[:PROMOTES]-(c:Campaign) RETURN c } | MERGE (c)-[:PROMOTES]->(new))
DETACH DELETE old
