// purpose: The community of users, one record a node with lists.
// parameters: none
// returns: source STRING, targets LIST<STRING>
// mode: READ
MATCH (a:User)-[r:IN_COMMUNITY]->(b:Community)
RETURN a.userId AS source, collect(b.communityId) AS targets
