// purpose: Vectors of Item nodes; a null vector takes the old one off.
// parameters: rows LIST<MAP>, runId STRING
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:Item {itemId: row.id})
SET n.embedding = row.vector,
    n.embeddingRun = CASE WHEN row.vector IS NULL THEN null ELSE $runId END
