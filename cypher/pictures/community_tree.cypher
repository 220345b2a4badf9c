// purpose: All communities with their sizes and the ones above them.
// parameters: none
// returns: communityId STRING, level INTEGER, label STRING, size INTEGER, users INTEGER, items INTEGER, above STRING
// mode: READ
MATCH (c:Community)
OPTIONAL MATCH (c)-[:PART_OF]->(up:Community)
RETURN c.communityId AS communityId, c.level AS level, c.label AS label, c.size AS size, c.users AS users, c.items AS items,
       up.communityId AS above
ORDER BY level, size DESC, communityId
