// purpose: The graph model as it is in this database: labels and relationship types.
// parameters: none
// returns: nodes LIST<NODE>, relationships LIST<RELATIONSHIP>
// mode: READ
CALL db.schema.visualization() YIELD nodes, relationships
RETURN nodes, relationships
