// purpose: Delete the histories of items that are merged into others, and return them as those of the others.
// parameters: rows LIST<MAP>
// returns: itemId STRING, behaviour STRING, weeks LIST<INTEGER>, counts LIST<INTEGER>, values LIST<FLOAT>
// mode: WRITE
UNWIND $rows AS row
MATCH (:Item {itemId: row.itemId})-[h:HISTORY]->(b:Behaviour)
WITH h, row.into AS itemId, b.name AS behaviour, h.weeks AS weeks, h.counts AS counts, h.values AS values
DELETE h
RETURN itemId, behaviour, weeks, counts, values
