// purpose: The upper community of communities, one record a node with lists.
// parameters: none
// returns: source STRING, targets LIST<STRING>
// mode: READ
MATCH (a:Community)-[r:PART_OF]->(b:Community)
RETURN a.communityId AS source, collect(b.communityId) AS targets
