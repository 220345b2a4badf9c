// purpose: The category of each item; an item that moved leaves its old category.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
MATCH (c:Category {categoryId: row.categoryId})
OPTIONAL MATCH (i)-[old:IN_CATEGORY]->(other:Category) WHERE other <> c
DELETE old
MERGE (i)-[:IN_CATEGORY]->(c)
