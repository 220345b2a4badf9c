// purpose: One VectorPart per partId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT vector_part_id IF NOT EXISTS
FOR (n:VectorPart) REQUIRE n.partId IS UNIQUE
