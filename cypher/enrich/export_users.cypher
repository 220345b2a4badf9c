// purpose: All users, in order.
// parameters: none
// returns: userId STRING
// mode: READ
MATCH (u:User)
RETURN u.userId AS userId
ORDER BY userId
