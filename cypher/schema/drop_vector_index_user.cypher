// purpose: Drop the vector index of Users.
// parameters: none
// returns: none
// mode: SCHEMA
DROP INDEX user_embedding IF EXISTS
