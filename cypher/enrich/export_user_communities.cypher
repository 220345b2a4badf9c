// purpose: The community of every user, those of both levels before, and the number of the enrichment that moved the user.
// parameters: none
// returns: userId STRING, communityId STRING, communityBefore STRING, upperBefore STRING, communityRun INTEGER
// mode: READ
MATCH (u:User)
RETURN u.userId AS userId, u.communityId AS communityId, u.communityBefore AS communityBefore,
       u.upperBefore AS upperBefore, u.communityRun AS communityRun
