// purpose: The categories of each item; an item that moved leaves those it is no longer in.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (i:Item {itemId: row.itemId})
OPTIONAL MATCH (i)-[old:IN_CATEGORY]->(other:Category)
WHERE NOT other.categoryId IN row.categoryIds
DELETE old
WITH DISTINCT i, row
UNWIND row.categoryIds AS categoryId
MATCH (c:Category {categoryId: categoryId})
MERGE (i)-[:IN_CATEGORY]->(c)
