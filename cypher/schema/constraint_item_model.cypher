// purpose: One ItemModel part per partId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT item_model_part IF NOT EXISTS
FOR (n:ItemModel) REQUIRE n.partId IS UNIQUE
