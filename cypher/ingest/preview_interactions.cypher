// purpose: How many relationships of one type a load would add, and to how many it would add events.
// parameters: rows LIST<MAP>
// returns: added INTEGER, changed INTEGER
// mode: READ
// relationship: PURCHASED
UNWIND $rows AS row
OPTIONAL MATCH (:User {userId: row.userId})-[r:PURCHASED]->(:Item {itemId: row.itemId})
RETURN count(CASE WHEN r IS NULL THEN 1 END) AS added, count(r) AS changed
