// purpose: The labels of all communities, with those of the communities that they are part of.
// parameters: none
// returns: communityId STRING, label STRING, above STRING, aboveLabel STRING
// mode: READ
MATCH (c:Community)
OPTIONAL MATCH (c)-[:PART_OF]->(up:Community)
RETURN c.communityId AS communityId, c.label AS label, up.communityId AS above, up.label AS aboveLabel
ORDER BY communityId
