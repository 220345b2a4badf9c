// purpose: The ids of all communities.
// parameters: none
// returns: communityId STRING
// mode: READ
MATCH (c:Community)
RETURN c.communityId AS communityId
ORDER BY communityId
