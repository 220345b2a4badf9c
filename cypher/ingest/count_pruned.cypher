// purpose: How many users have pruned relationships (from the count store).
// parameters: none
// returns: users INTEGER
// mode: READ
MATCH (p:Pruned)
RETURN count(p) AS users
