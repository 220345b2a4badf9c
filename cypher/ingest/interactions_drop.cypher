// purpose: Remove time-weighted relationships of which nothing is left.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
// relationship: PURCHASED
UNWIND $rows AS row
MATCH (:User {userId: row.user})-[r:PURCHASED]->(:Item {itemId: row.item})
DELETE r
