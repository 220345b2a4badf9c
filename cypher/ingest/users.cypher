// purpose: Users and their attributes; attributes that are there already are overwritten.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (u:User {userId: row.userId})
SET u += row.properties
