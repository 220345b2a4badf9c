// purpose: The hash of the linear item model that is in the graph, one row a part.
// parameters: none
// returns: hash STRING
// mode: READ
MATCH (m:ItemModel)
RETURN m.hash AS hash
