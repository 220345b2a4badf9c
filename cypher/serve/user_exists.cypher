// purpose: Whether there is such a user.
// parameters: userId STRING
// returns: known BOOLEAN
// mode: READ
RETURN EXISTS { (:User {userId: $userId}) } AS known
