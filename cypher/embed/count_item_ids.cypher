// purpose: How many of some ids are Item nodes of the graph.
// parameters: ids LIST<STRING>
// returns: known INTEGER
// mode: READ
UNWIND $ids AS id
MATCH (n:Item {itemId: id})
RETURN count(n) AS known
