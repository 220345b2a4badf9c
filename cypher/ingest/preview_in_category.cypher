// purpose: How many items a load would put into categories for the first time, and how many it would move.
// parameters: rows LIST<MAP>
// returns: added INTEGER, changed INTEGER
// mode: READ
UNWIND $rows AS row
OPTIONAL MATCH (i:Item {itemId: row.itemId})
WITH row, [(i)-[:IN_CATEGORY]->(c:Category) | c.categoryId] AS before
RETURN count(CASE WHEN before IS NULL OR size(before) = 0 THEN 1 END) AS added,
       count(CASE WHEN size(before) > 0 AND (any(c IN row.categoryIds WHERE NOT c IN before)
         OR any(c IN before WHERE NOT c IN row.categoryIds)) THEN 1 END) AS changed
