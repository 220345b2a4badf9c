// purpose: One Stream per streamId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT stream_id IF NOT EXISTS
FOR (n:Stream) REQUIRE n.streamId IS UNIQUE
