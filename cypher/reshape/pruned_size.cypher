// purpose: How many relationships are pruned, of how many users, and the bytes that they take.
// parameters: none
// returns: users INTEGER, pairs INTEGER, bytes INTEGER
// mode: READ
MATCH (p:Pruned)
RETURN count(p) AS users, coalesce(sum(p.pairs), 0) AS pairs, coalesce(sum(size(p.data)), 0) AS bytes
