// purpose: Set attributes of users; null removes one.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
SET u += row.properties
