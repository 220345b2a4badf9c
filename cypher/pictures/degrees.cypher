// purpose: How many users have how many items, and items how many users, by powers of two; exponent -1 is none.
// parameters: none
// returns: kind STRING, exponent INTEGER, nodes INTEGER, relationships INTEGER
// mode: READ
// relationship: PURCHASED
CALL () {
  MATCH (u:User)
  RETURN 'users' AS kind, COUNT { (u)-[:PURCHASED]->() } AS degree
  UNION ALL
  MATCH (i:Item)
  RETURN 'items' AS kind, COUNT { (i)<-[:PURCHASED]-() } AS degree
}
WITH kind, degree, CASE WHEN degree = 0 THEN -1 ELSE toInteger(floor(log(degree) / log(2) + 1e-9)) END AS exponent
RETURN kind, exponent, count(*) AS nodes, sum(degree) AS relationships
ORDER BY kind DESC, exponent
