// purpose: Merge categories into others, which get their items and the categories below them; parents come first.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (old:Category {categoryId: row.categoryId})
MERGE (new:Category {categoryId: row.into})
SET new.path = row.path, new.name = row.path[-1], new.level = size(row.path)
FOREACH (i IN COLLECT { MATCH (old)<-[:IN_CATEGORY]-(i:Item) RETURN i } | MERGE (i)-[:IN_CATEGORY]->(new))
FOREACH (c IN COLLECT { MATCH (old)<-[:CHILD_OF]-(c:Category) RETURN c } | MERGE (c)-[:CHILD_OF]->(new))
FOREACH (p IN COLLECT { MATCH (p:Category {categoryId: row.parentId}) RETURN p } | MERGE (new)-[:CHILD_OF]->(p))
DETACH DELETE old
