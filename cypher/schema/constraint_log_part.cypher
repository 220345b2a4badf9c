// purpose: One LogPart per partId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT log_part_id IF NOT EXISTS
FOR (n:LogPart) REQUIRE n.partId IS UNIQUE
