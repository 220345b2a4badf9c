// purpose: How many categories a load would add.
// parameters: rows LIST<MAP>
// returns: added INTEGER, changed INTEGER
// mode: READ
UNWIND $rows AS row
OPTIONAL MATCH (c:Category {categoryId: row.categoryId})
RETURN count(CASE WHEN c IS NULL THEN 1 END) AS added, 0 AS changed
