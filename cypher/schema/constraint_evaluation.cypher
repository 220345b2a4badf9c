// purpose: One Evaluation per key, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT evaluation_id IF NOT EXISTS
FOR (n:Evaluation) REQUIRE n.key IS UNIQUE
