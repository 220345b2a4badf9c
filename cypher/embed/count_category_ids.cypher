// purpose: How many of some ids are Category nodes of the graph.
// parameters: ids LIST<STRING>
// returns: known INTEGER
// mode: READ
UNWIND $ids AS id
MATCH (n:Category {categoryId: id})
RETURN count(n) AS known
