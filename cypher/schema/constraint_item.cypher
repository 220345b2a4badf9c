// purpose: One Item per itemId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT item_id IF NOT EXISTS
FOR (n:Item) REQUIRE n.itemId IS UNIQUE
