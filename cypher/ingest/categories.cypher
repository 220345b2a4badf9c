// purpose: Categories; level 1 is the top.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (c:Category {categoryId: row.categoryId})
SET c.name = row.name, c.level = row.level, c.path = row.path
