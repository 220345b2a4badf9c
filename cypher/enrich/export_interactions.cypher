// purpose: One behaviour's relationships, one record a user with lists (twenty times faster than one a relationship).
// parameters: none
// returns: userId STRING, items LIST<STRING>, weights LIST<FLOAT>, counts LIST<INTEGER>, lastAt LIST<INTEGER>
// mode: READ
// relationship: PURCHASED
MATCH (u:User)
CALL (u) {
  MATCH (u)-[r:PURCHASED]->(i:Item)
  RETURN collect(i.itemId) AS items, collect(r.weight) AS weights, collect(r.count) AS counts,
         collect(r.lastAt.epochMillis) AS lastAt
}
WITH u, items, weights, counts, lastAt
WHERE size(items) > 0
RETURN u.userId AS userId, items, weights, counts, lastAt
