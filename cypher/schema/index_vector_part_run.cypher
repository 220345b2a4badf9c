// purpose: Finds the stored vectors of a run.
// parameters: none
// returns: none
// mode: SCHEMA
CREATE INDEX vector_part_run IF NOT EXISTS
FOR (n:VectorPart) ON (n.runId)
