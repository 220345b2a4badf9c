// purpose: Time-weighted relationships between pairs that have none of this type yet.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
// relationship: PURCHASED
UNWIND $rows AS row
MATCH (u:User {userId: row.userId})
MATCH (i:Item {itemId: row.itemId})
CREATE (u)-[:PURCHASED {
  count: row.count, quantity: row.quantity, value: row.value, weight: row.weight,
  firstAt: datetime.fromEpochMillis(row.firstAt), lastAt: datetime.fromEpochMillis(row.lastAt),
  weeks: row.weeks, weekCounts: row.weekCounts
}]->(i)
