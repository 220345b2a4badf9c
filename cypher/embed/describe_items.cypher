// purpose: Title, community and path of the category of every item.
// parameters: none
// returns: id STRING, title STRING, community STRING, path LIST<STRING>
// mode: READ
MATCH (n:Item)
RETURN n.itemId AS id, n.title AS title, n.communityId AS community, [(n)-[:IN_CATEGORY]->(c) | c.path][0] AS path
