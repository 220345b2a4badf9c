// purpose: One LoadBatch per batchId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT load_batch_id IF NOT EXISTS
FOR (n:LoadBatch) REQUIRE n.batchId IS UNIQUE
