// purpose: Remove histories of users of which nothing is left.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:User {userId: row.userId})-[h:HISTORY]->(:Behaviour {name: row.behaviour})
DELETE h
