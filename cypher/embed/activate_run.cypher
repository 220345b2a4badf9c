// purpose: Make a run that has written all its vectors the one that serves, and note the one before it as replaced; nothing
// is returned when another run has begun to write meanwhile. beside: whether its vectors serve from beside (embeddingNext).
// parameters: runId STRING, properties MAP, beside BOOLEAN
// returns: runId STRING
// mode: WRITE
MATCH (run:EmbeddingRun {runId: $runId})
WHERE run.status IN ['writing', 'active']
OPTIONAL MATCH (old:EmbeddingRun {status: 'active'})
WHERE old <> run
SET old.status = 'replaced', old.beside = null
WITH DISTINCT run
SET run += $properties, run.status = 'active', run.beside = CASE WHEN $beside THEN true END
RETURN run.runId AS runId
