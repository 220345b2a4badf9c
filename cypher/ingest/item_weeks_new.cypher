// purpose: Histories of items, by behaviour and week, of behaviours that have none yet; see ingest/item_weeks.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:Item {itemId: row.itemId})
MATCH (b:Behaviour {name: row.behaviour})
CREATE (n)-[:HISTORY {weeks: row.weeks, counts: row.counts, values: row.values}]->(b)
