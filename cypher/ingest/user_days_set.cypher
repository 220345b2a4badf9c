// purpose: Set the histories of users to what is left of them.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:User {userId: row.userId})
MATCH (b:Behaviour {name: row.behaviour})
MERGE (n)-[h:HISTORY]->(b)
SET h.days = row.days, h.counts = row.counts, h.values = row.values
