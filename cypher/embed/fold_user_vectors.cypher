// purpose: Vectors of User nodes that come from their neighbours, in the space of a run. A vector is a LIST<FLOAT>, or a VECTOR
// after CYPHER 25.
// parameters: rows LIST<MAP>, runId STRING
// returns: none
// mode: WRITE
UNWIND $rows AS row
MATCH (n:User {userId: row.id})
SET n.embedding = toFloatList(row.vector), n.embeddingRun = $runId, n.embeddingFolded = true
