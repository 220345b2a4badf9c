// purpose: Set the histories of items to what is left of them.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:Item {itemId: row.itemId})
MATCH (b:Behaviour {name: row.behaviour})
MERGE (n)-[h:HISTORY]->(b)
SET h.weeks = row.weeks, h.counts = row.counts, h.values = row.values
