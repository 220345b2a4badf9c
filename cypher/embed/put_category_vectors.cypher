// purpose: Vectors of Category nodes, as long as the run may write; a null vector takes the old one off. A vector is a LIST<FLOAT>, or
// a VECTOR after CYPHER 25 (a quarter of the time, see benchmarks).
// parameters: rows LIST<MAP>, runId STRING
// returns: written INTEGER
// mode: WRITE
MATCH (run:EmbeddingRun {runId: $runId})
WHERE run.status = 'writing' OR (run.beside AND NOT EXISTS { MATCH (:EmbeddingRun {status: 'writing'}) })
UNWIND $rows AS row
MATCH (n:Category {categoryId: row.id})
SET n.embedding = toFloatList(row.vector),
    n.embeddingRun = CASE WHEN row.vector IS NULL THEN null ELSE $runId END,
    n.embeddingFolded = null
RETURN count(n) AS written
