// purpose: Drop the vector index of Items.
// parameters: none
// returns: none
// mode: SCHEMA
DROP INDEX item_embedding IF EXISTS
