// purpose: One node with the pruned relationships of a user, found by the user's id.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT pruned_id IF NOT EXISTS
FOR (n:Pruned) REQUIRE n.userId IS UNIQUE
