// purpose: How a user and an item hang together: the shortest paths between them.
// parameters: userId STRING, itemId STRING, limit INTEGER
// returns: p PATH
// mode: READ
MATCH (u:User {userId: $userId})
MATCH (i:Item {itemId: $itemId})
MATCH p = allShortestPaths((u)-[:VIEWED|CARTED|FAVOURITED|REVIEWED|RATED|PLAYED|PURCHASED|SIMILAR_TO|IN_CATEGORY|CHILD_OF|IN_COMMUNITY*..6]-(i))
RETURN p LIMIT $limit
