// purpose: One User per userId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT user_id IF NOT EXISTS
FOR (n:User) REQUIRE n.userId IS UNIQUE
