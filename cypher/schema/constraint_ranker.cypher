// purpose: One Ranker per rankerId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT ranker_id IF NOT EXISTS
FOR (n:Ranker) REQUIRE n.rankerId IS UNIQUE
