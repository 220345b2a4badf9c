// purpose: Set time-weighted relationships to what is left of them; moments in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
// relationship: PURCHASED
UNWIND $rows AS row
MATCH (u:User {userId: row.user})
MATCH (i:Item {itemId: row.item})
MERGE (u)-[r:PURCHASED]->(i)
SET r.count = row.count, r.quantity = row.quantity, r.value = row.value, r.weight = row.weight,
    r.firstAt = datetime.fromEpochMillis(row.firstAt), r.lastAt = datetime.fromEpochMillis(row.lastAt),
    r.weeks = row.weeks, r.weekCounts = row.weekCounts
