// purpose: Remove the vectors of a run, and note that they are gone.
// parameters: runId STRING
// returns: none
// mode: WRITE
OPTIONAL MATCH (run:EmbeddingRun {runId: $runId})
SET run.stored = null
WITH count(*) AS ignored
MATCH (part:VectorPart {runId: $runId})
DELETE part
