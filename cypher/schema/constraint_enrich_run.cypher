// purpose: One EnrichRun per runId, and an index to find it by.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE CONSTRAINT enrich_run_id IF NOT EXISTS
FOR (n:EnrichRun) REQUIRE n.runId IS UNIQUE
