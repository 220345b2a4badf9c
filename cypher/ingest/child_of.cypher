// purpose: The category tree.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (c:Category {categoryId: row.categoryId})
MATCH (parent:Category {categoryId: row.parentId})
MERGE (c)-[:CHILD_OF]->(parent)
