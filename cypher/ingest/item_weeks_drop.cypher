// purpose: Remove histories of items of which nothing is left.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:Item {itemId: row.itemId})-[h:HISTORY]->(:Behaviour {name: row.behaviour})
DELETE h
