// purpose: Title and community of every item.
// parameters: none
// returns: id STRING, title STRING, community STRING
// mode: READ
MATCH (n:Item)
RETURN n.itemId AS id, n.title AS title, n.communityId AS community
