// purpose: Whether a user has a relationship to any item.
// parameters: userId STRING
// returns: active BOOLEAN
// mode: READ
RETURN EXISTS { (:User {userId: $userId})-[:VIEWED|CLICKED|SEARCHED|CARTED|FAVOURITED|SHARED|COMMENTED|REVIEWED|RATED|PLAYED|VISITED|PURCHASED|RETURNED]->(:Item) } AS active
