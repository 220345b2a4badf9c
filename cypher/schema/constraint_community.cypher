// purpose: One Community per communityId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT community_id IF NOT EXISTS
FOR (n:Community) REQUIRE n.communityId IS UNIQUE
