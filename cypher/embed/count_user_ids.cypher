// purpose: How many of some ids are User nodes of the graph.
// parameters: ids LIST<STRING>
// returns: known INTEGER
// mode: READ
UNWIND $ids AS id
MATCH (n:User {userId: id})
RETURN count(n) AS known
