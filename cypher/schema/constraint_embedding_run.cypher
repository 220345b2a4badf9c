// purpose: One EmbeddingRun per runId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT embedding_run_id IF NOT EXISTS
FOR (n:EmbeddingRun) REQUIRE n.runId IS UNIQUE
