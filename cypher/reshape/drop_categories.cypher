// purpose: Delete categories.
// parameters: ids LIST<STRING>
// returns: none
// mode: WRITE
UNWIND $ids AS id
MATCH (c:Category {categoryId: id})
DETACH DELETE c
