// purpose: A user, an item and a category with much going on, for statements to begin with.
// parameters: none
// returns: userId STRING, itemId STRING, category STRING
// mode: READ
CALL () {
  MATCH (i:Item) WHERE i.trend > 0
  RETURN i ORDER BY i.trend DESC, i.itemId LIMIT 1
  UNION
  MATCH (i:Item)
  RETURN i LIMIT 1
}
WITH collect(i)[0] AS i
OPTIONAL MATCH (i)<-[r]-(u:User)
WITH i, u, r ORDER BY r.count DESC, u.userId LIMIT 1
RETURN u.userId AS userId, i.itemId AS itemId, [(i)-[:IN_CATEGORY]->(c) | c.categoryId][0] AS category
