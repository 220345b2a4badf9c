// purpose: Histories of users, by behaviour and day, of behaviours that have none yet; see ingest/user_days.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:User {userId: row.userId})
MATCH (b:Behaviour {name: row.behaviour})
CREATE (n)-[:HISTORY {days: row.days, counts: row.counts, values: row.values}]->(b)
