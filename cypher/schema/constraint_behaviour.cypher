// purpose: One Behaviour per name, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT behaviour_id IF NOT EXISTS
FOR (n:Behaviour) REQUIRE n.name IS UNIQUE
