// purpose: The community of every user that is in one; users have no title.
// parameters: none
// returns: id STRING, title STRING, community STRING, path LIST<STRING>
// mode: READ
MATCH (n:User)
RETURN n.userId AS id, null AS title, n.communityId AS community, null AS path
