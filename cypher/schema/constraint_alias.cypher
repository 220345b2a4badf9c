// purpose: One Alias per item that was merged into another, found by the id that logs know it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT alias_id IF NOT EXISTS
FOR (n:Alias) REQUIRE n.itemId IS UNIQUE
