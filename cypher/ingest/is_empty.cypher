// purpose: Whether the database holds no node at all.
// parameters: none
// returns: empty BOOLEAN
// mode: READ
MATCH (n)
RETURN count(n) = 0 AS empty
