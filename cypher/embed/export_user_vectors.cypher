// purpose: All vectors of User nodes.
// parameters: none
// returns: id STRING, vector LIST<FLOAT>
// mode: READ
MATCH (n:User)
WHERE n.embedding IS NOT NULL
RETURN n.userId AS id, n.embedding AS vector
