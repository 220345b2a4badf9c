// purpose: Communities that are no longer there.
// parameters: keep LIST<STRING>
// returns: none
// mode: WRITE
MATCH (c:Community)
WHERE NOT c.communityId IN $keep
DETACH DELETE c
