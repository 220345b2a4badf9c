// purpose: One Load per loadId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT load_id IF NOT EXISTS
FOR (n:Load) REQUIRE n.loadId IS UNIQUE
