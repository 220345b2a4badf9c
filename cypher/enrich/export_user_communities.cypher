// purpose: The community of every user.
// parameters: none
// returns: userId STRING, communityId STRING
// mode: READ
MATCH (u:User)
RETURN u.userId AS userId, u.communityId AS communityId
