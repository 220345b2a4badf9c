// purpose: Remove parts of the category tree; start is the category, end its parent.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (:Category {categoryId: row.start})-[r:CHILD_OF]->(:Category {categoryId: row.end})
DELETE r
