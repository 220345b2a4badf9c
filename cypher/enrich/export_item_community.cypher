// purpose: The community of items, one record a node with lists.
// parameters: none
// returns: source STRING, targets LIST<STRING>
// mode: READ
MATCH (a:Item)-[r:IN_COMMUNITY]->(b:Community)
RETURN a.itemId AS source, collect(b.communityId) AS targets
