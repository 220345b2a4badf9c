// purpose: Users and items of recorded events that are not there yet.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (u:User {userId: row.userId})
MERGE (i:Item {itemId: row.itemId})
